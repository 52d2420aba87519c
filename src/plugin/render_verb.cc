#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "plugin/console.h"
#include "plugin/crd.h"
#include "plugin/manifest.h"
#include "plugin/verbs.h"
#include "plugin/yaml.h"
#include "plugin/yaml_text.h"
#include "shell/files.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr std::size_t kBytesMax = 16u << 20;

base::Result<std::string> read_input(const std::string& file) {
  if (file != "-") {
    auto bytes = shell::read_file(file, kBytesMax);
    if (!bytes) return bytes.error();
    return std::string(bytes->reveal());
  }
  std::string out;
  char piece[4096];
  ssize_t got = 0;
  while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0) {
    out.append(piece, static_cast<std::size_t>(got));
    if (out.size() > kBytesMax) {
      return base::Error{base::ErrorCode::kInvalidInput, "read standard input",
                         "standard input is longer than 16 MB"};
    }
  }
  return out;
}

// Lists, as `kubectl get -o yaml` prints them, count as their items.
void flatten(Json document, std::vector<Json>& out) {
  if (base::string_or(document, {"kind"}) == "List" && document.contains("items") &&
      document["items"].is_array()) {
    for (Json& item : document["items"]) out.push_back(std::move(item));
  } else {
    out.push_back(std::move(document));
  }
}

}  // namespace

ExitCode render(const Request& request) {
  auto text = read_input(request.file);
  if (!text) {
    tell(text.error().message);
    return ExitCode::kUsage;
  }
  auto documents = parse_yaml(*text);
  if (!documents) {
    tell(request.file + " is not YAML: " + documents.error().message);
    return ExitCode::kFindings;
  }
  auto schema = built_in_schema();
  if (!schema) return fail(schema.error());
  std::vector<Json> objects;
  for (Json& document : *documents) flatten(std::move(document), objects);
  std::map<std::string, Json> known;  // a later manifest of the same name is a change of it
  std::vector<Json> good;
  std::size_t others = 0, refused = 0;
  for (const Json& object : objects) {
    if (!is_setup_key(object)) {
      ++others;
      continue;
    }
    const std::string name = base::string_or(object, {"metadata", "namespace"}) + "/" +
                             base::string_or(object, {"metadata", "name"});
    const auto before = known.find(name);
    Judged judged =
        judge_manifest(*schema, object, before == known.end() ? nullptr : &before->second);
    for (const Finding& finding : judged.findings) {
      tell("SetupKey " + judged.name + ": " + finding.path + ": " + finding.message);
    }
    if (!judged.findings.empty()) {
      ++refused;
      continue;
    }
    known[name] = judged.object;
    good.push_back(std::move(judged.object));
  }
  if (good.empty() && refused == 0) {
    tell("there is no SetupKey (apiVersion keys.netbird.io/v1alpha1) in " + request.file);
    return ExitCode::kFindings;
  }
  if (others > 0) tell(count_of(others, "document is", "documents are") + " no SetupKey: skipped");
  if (request.format == Format::kJson) {
    print_json(good.size() == 1 ? good.front() : Json(good), Format::kJson);
  } else {
    for (std::size_t i = 0; i < good.size(); ++i) print((i > 0 ? "---\n" : "") + to_yaml(good[i]));
  }
  return refused > 0 ? ExitCode::kFindings : ExitCode::kOk;
}

}  // namespace nbkeys::plugin
