#include "cli/check.h"

#include <algorithm>
#include <utility>

#include "kube/refused.h"
#include "shell/server.h"

namespace nbkeys::cli {
namespace {

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read flags", std::move(message)};
}

// RFC 1123: what Kubernetes takes as the name of a namespace; a Lease's name may have dots.
bool is_name(std::string_view text, std::size_t length_max, bool dots) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto inner = [&](char c) { return letter(c) || c == '-' || (dots && c == '.'); };
  return !text.empty() && text.size() <= length_max && letter(text.front()) &&
         letter(text.back()) && std::all_of(text.begin(), text.end(), inner);
}

base::Status read_duration(std::string_view flag, const std::string& text, base::Duration least,
                           base::Duration& out) {
  const auto value = base::parse_duration(text);
  if (!value) {
    return bad(std::string(flag) + ": '" + text +
               "' is not a duration; write it like 15s, 5m or 1h30m");
  }
  if (*value < least) {
    return bad(std::string(flag) + ": " + text + " is too short; the least is " +
               base::format_duration(least));
  }
  out = *value;
  return base::Done{};
}

base::Status read_range(std::string_view flag, int value, int least, int most) {
  if (value >= least && value <= most) return base::Done{};
  return bad(std::string(flag) + ": " + std::to_string(value) + " is not between " +
             std::to_string(least) + " and " + std::to_string(most));
}

base::Status read_netbird(const RawOptions& raw, RunOptions& out) {
  auto url = shell::parse_netbird_url(raw.netbird_url);
  if (!url) return bad("--netbird-url: " + url.error().message);
  if (!url->https && !shell::is_loopback(url->host) && !raw.netbird_insecure_http) {
    return bad("--netbird-url: plain http would show the access token to everyone on the way to " +
               url->host + "; use https://, or --netbird-insecure-http if you accept that");
  }
  if (raw.netbird_token_file.empty()) {
    return bad(
        "--netbird-token-file is missing; it names the file with the access token of a "
        "NetBird service user");
  }
  for (const auto& [flag, value] :
       {std::pair{"--netbird-requests-per-minute", raw.netbird_requests_per_minute.value_or(0)},
        std::pair{"--netbird-burst", raw.netbird_burst}}) {
    if (base::Status sound = read_range(flag, value, 0, 1'000'000); !sound) return sound;
  }
  if (raw.netbird_burst > 0 && raw.netbird_requests_per_minute.value_or(0) == 0) {
    return bad("--netbird-burst has a meaning only together with --netbird-requests-per-minute");
  }
  out.netbird_url = std::move(*url);
  out.netbird_token_file = raw.netbird_token_file;
  out.netbird_ca_file = raw.netbird_ca_file;
  out.engine.account.requests_per_minute = raw.netbird_requests_per_minute;
  out.engine.account.burst = raw.netbird_burst;
  out.engine.account.url = raw.netbird_url;
  return base::Done{};
}

base::Status read_lease(const RawOptions& raw, engine::LeaseOptions& out) {
  constexpr base::Duration kSecond{1000};
  out.enabled = raw.leader_elect;
  out.name = raw.lease_name;
  out.name_space = raw.lease_namespace;
  if (!is_name(out.name, 253, true)) {
    return bad("--lease-name: '" + out.name + "' is not a name that Kubernetes takes");
  }
  if (!out.name_space.empty() && !is_name(out.name_space, 63, false)) {
    return bad("--lease-namespace: '" + out.name_space + "' is not the name of a namespace");
  }
  if (base::Status read =
          read_duration("--lease-duration", raw.lease_duration, kSecond, out.duration);
      !read) {
    return read;
  }
  if (base::Status read =
          read_duration("--renew-deadline", raw.renew_deadline, kSecond, out.renew_deadline);
      !read) {
    return read;
  }
  if (base::Status read =
          read_duration("--retry-period", raw.retry_period, kSecond, out.retry_period);
      !read) {
    return read;
  }
  if (out.duration <= out.renew_deadline) {
    return bad("--lease-duration (" + raw.lease_duration +
               ") must be longer than --renew-deadline (" + raw.renew_deadline +
               "), or two replicas could work at once");
  }
  if (out.renew_deadline <= out.retry_period) {
    return bad("--renew-deadline (" + raw.renew_deadline +
               ") must be longer than --retry-period (" + raw.retry_period +
               "), or the lease could not be renewed in time");
  }
  return base::Done{};
}

base::Status read_log(const RawOptions& raw, RunOptions& out) {
  using enum io::Severity;
  const auto levels = {kTrace, kDebug, kInfo, kWarn, kError};
  const auto level = std::find_if(levels.begin(), levels.end(), [&raw](io::Severity severity) {
    return raw.log_level == telemetry::severity_name(severity);
  });
  if (level == levels.end()) {
    return bad("--log-level: '" + raw.log_level +
               "' is none of trace, debug, info, warn and error");
  }
  if (raw.log_format != "text" && raw.log_format != "json") {
    return bad("--log-format: '" + raw.log_format + "' is neither text nor json");
  }
  out.log_level = *level;
  out.log_format = raw.log_format == "json" ? telemetry::Format::kJson : telemetry::Format::kText;
  return base::Done{};
}

}  // namespace

base::Result<RunOptions> check(const RawOptions& raw) {
  RunOptions out;
  out.kubeconfig = raw.kubeconfig;
  out.metrics_per_object = raw.metrics_per_object;
  out.context = raw.context;
  for (const std::string& name : raw.watch_namespaces) {
    if (!is_name(name, 63, false)) {
      return bad("--watch-namespace: '" + name + "' is not the name of a namespace");
    }
    auto& list = out.engine.watch_namespaces;
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  }
  for (const std::string& entry : raw.refuse_in_secret_template) {
    if (!kube::is_entry(entry)) {
      return bad("--refuse-in-secret-template: '" + entry +
                 "' must be a name, name=value, domain/, or a beginning with its last dot");
    }
  }
  out.engine.also_refused = raw.refuse_in_secret_template;
  if (!raw.identity.empty() && !is_name(raw.identity, 63, false)) {
    return bad(
        "--identity: 1 to 63 lower-case letters, digits and '-', beginning and ending with a "
        "letter or digit");
  }
  out.engine.identity = raw.identity;
  if (base::Status read = read_netbird(raw, out); !read) return read.error();
  if (base::Status read = read_lease(raw, out.engine.lease); !read) return read.error();
  if (base::Status read =
          read_duration("--resync", raw.resync, base::Duration{1000}, out.engine.resync);
      !read) {
    return read.error();
  }
  if (base::Status sound = read_range("--concurrency", raw.concurrency, 1, 256); !sound) {
    return sound.error();
  }
  out.engine.concurrency = raw.concurrency;
  out.metrics_address = raw.metrics_address;
  if (auto address = shell::parse_listen_address(raw.metrics_address); !address) {
    return bad("--metrics-address: " + address.error().message);
  }
  if (base::Status read = read_log(raw, out); !read) return read.error();
  return out;
}

}  // namespace nbkeys::cli
