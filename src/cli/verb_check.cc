#include "cli/verb_check.h"

#include <algorithm>
#include <utility>

namespace nbkeys::cli {
namespace {

using plugin::Format;
using plugin::Request;
using plugin::Verb;

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read flags", std::move(message)};
}

// RFC 1123, as Kubernetes takes names: of a namespace without dots.
bool is_name(std::string_view text, std::size_t length_max, bool dots) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto inner = [&](char c) { return letter(c) || c == '-' || (dots && c == '.'); };
  return !text.empty() && text.size() <= length_max && letter(text.front()) &&
         letter(text.back()) && std::all_of(text.begin(), text.end(), inner);
}

Verb verb_of(const std::string& name) {
  if (name == "status") return Verb::kStatus;
  if (name == "rotate") return Verb::kRotate;
  if (name == "revoke") return Verb::kRevoke;
  if (name == "strays") return Verb::kStrays;
  if (name == "check") return Verb::kCheck;
  if (name == "render") return Verb::kRender;
  if (name == "audit") return Verb::kAudit;
  return Verb::kList;
}

Format format_of(const std::string& name) {
  if (name == "wide") return Format::kWide;
  if (name == "json") return Format::kJson;
  if (name == "yaml") return Format::kYaml;
  if (name == "markdown") return Format::kMarkdown;
  if (name == "name") return Format::kName;
  return Format::kTable;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

base::Status read_output(const RawVerb& raw, const std::string& verb, Request& out) {
  const auto formats = raw.formats.find(verb);
  if (formats == raw.formats.end()) return base::Done{};
  const std::string& name = raw.output.empty() ? formats->second.front() : raw.output;
  if (std::find(formats->second.begin(), formats->second.end(), name) == formats->second.end()) {
    return bad("-o: '" + name + "' is none of " + joined(formats->second));
  }
  out.format = format_of(name);
  if (raw.color == "always") {
    out.color = plugin::ColorChoice::kAlways;
  } else if (raw.color == "never") {
    out.color = plugin::ColorChoice::kNever;
  } else if (raw.color != "auto") {
    return bad("--color: '" + raw.color + "' is none of auto, always, never");
  }
  return base::Done{};
}

base::Status read_times(const RawVerb& raw, Request& out) {
  const auto timeout = base::parse_duration(raw.timeout);
  if (!timeout || timeout->count() < 1000) {
    return bad("--timeout: '" + raw.timeout + "' is not a duration such as 30s, 5m or 1h");
  }
  out.timeout = *timeout;
  const auto unused = base::parse_duration(raw.unused_after);
  if (!unused || unused->count() < 1000) {
    return bad("--unused-after: '" + raw.unused_after + "' is not a duration such as 30d or 12h");
  }
  out.unused_after = *unused;
  return base::Done{};
}

base::Status check_selection(const Request& request) {
  if (request.all_namespaces && !request.name_space.empty()) {
    return bad("-A and -n exclude each other");
  }
  if (!request.name_space.empty() && !is_name(request.name_space, 63, false)) {
    return bad("-n: '" + request.name_space + "' is not the name of a namespace");
  }
  if (!is_name(request.access.operator_namespace, 63, false)) {
    return bad("--operator-namespace: '" + request.access.operator_namespace +
               "' is not the name of a namespace");
  }
  for (const std::string& name : request.names) {
    if (!is_name(name, 253, true)) return bad("'" + name + "' is not the name of a SetupKey");
  }
  return base::Done{};
}

base::Status check_rotate(const Request& request) {
  const int ways =
      (request.names.empty() ? 0 : 1) + (request.all ? 1 : 0) + (request.selector.empty() ? 0 : 1);
  if (ways == 0) return bad("say which SetupKeys: NAME..., --all or -l SELECTOR");
  if (ways > 1) return bad("NAME..., --all and -l exclude each other");
  if (!request.names.empty() && request.all_namespaces) {
    return bad("with NAME... say one namespace (-n), not -A");
  }
  return base::Done{};
}

}  // namespace

base::Result<Request> check_verb(const RawVerb& raw, const std::string& verb) {
  Request out = raw.request;
  out.verb = verb_of(verb);
  if (base::Status read = read_output(raw, verb, out); !read) return read.error();
  if (base::Status read = read_times(raw, out); !read) return read.error();
  if (base::Status sound = check_selection(out); !sound) return sound.error();
  if (out.verb == Verb::kRotate) {
    if (base::Status sound = check_rotate(out); !sound) return sound.error();
  }
  if (out.verb == Verb::kRevoke && out.names.empty()) return bad("say which SetupKeys: NAME...");
  if (out.verb == Verb::kStrays) {
    out.all_namespaces = true;
    if (out.orphans && !out.remove) return bad("--orphans has a meaning only with --delete");
  }
  if (!raw.helm_record.empty()) {
    auto record = plugin::parse_helm_record(raw.helm_record);
    if (!record) return bad("--helm-record: " + record.error().message);
    out.helm_record = std::move(*record);
  }
  if (!raw.fail_below.empty()) {
    const std::string grades = "ABCDF";
    const char grade = static_cast<char>(raw.fail_below[0] & ~0x20);
    if (raw.fail_below.size() != 1 || grades.find(grade) == std::string::npos) {
      return bad("--fail-below: '" + raw.fail_below + "' is none of A, B, C, D, F");
    }
    out.fail_below = grade;
  }
  return out;
}

}  // namespace nbkeys::cli
