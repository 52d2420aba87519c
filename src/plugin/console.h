#pragma once
// Where a verb's words go: results to standard output, all else to standard error.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "plugin/exit_code.h"
#include "plugin/request.h"
#include "plugin/style.h"

namespace nbkeys::plugin {

void print(std::string_view text);
void print_json(const nlohmann::json& value, Format format);  // as JSON, or YAML where asked
void tell(std::string_view line);                             // "nbkeys: line" on standard error

// Tells the error and says how the process ends.
ExitCode fail(const base::Error& error);

// True where the person says yes, or --yes was given. Where nobody can be asked, tells that and
// gives nothing.
enum class Answer { kYes, kNo, kNobodyThere };
Answer confirm(std::string_view question, bool yes);

}  // namespace nbkeys::plugin
