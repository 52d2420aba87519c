#include "plugin/console.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "plugin/yaml_text.h"

namespace nbkeys::plugin {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_json(const nlohmann::json& value, Format format) {
  if (format == Format::kYaml) return print(to_yaml(value));
  print(value.dump(2, ' ', false, base::Json::error_handler_t::replace) + "\n");
}

void tell(std::string_view line) {
  std::fflush(stdout);
  const std::string text = printable(line);
  std::fprintf(stderr, "nbkeys: %s\n", text.c_str());
}

ExitCode fail(const base::Error& error) {
  const bool step_told = error.code == base::ErrorCode::kInvalidInput || error.step.empty();
  tell(step_told ? error.message : base::to_text(error));
  switch (error.code) {
    case base::ErrorCode::kNotFound:
    case base::ErrorCode::kConflict:
    case base::ErrorCode::kUnprocessable:
    case base::ErrorCode::kRefused: return ExitCode::kFindings;
    default: return ExitCode::kUnreachable;
  }
}

Answer confirm(std::string_view question, bool yes) {
  if (yes) return Answer::kYes;
  if (isatty(STDIN_FILENO) != 1) {
    tell("nobody can be asked here, because standard input is no terminal: give --yes");
    return Answer::kNobodyThere;
  }
  const std::string text = printable(question);
  std::fflush(stdout);
  std::fprintf(stderr, "%s [y/N] ", text.c_str());
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y' ? Answer::kYes : Answer::kNo;
}

}  // namespace nbkeys::plugin
