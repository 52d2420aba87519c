#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "cli/check.h"

namespace nbkeys::cli {
namespace {

constexpr const char* kGroupKube = "Kubernetes";
constexpr const char* kGroupNetBird = "NetBird";
constexpr const char* kGroupLease = "Leader election";
constexpr const char* kGroupWork = "Work";
constexpr const char* kGroupWatching = "Metrics and logs";

constexpr const char* kFooter =
    "Each flag can also be set by an environment variable: NBKEYS_ and the flag's name in "
    "capitals\n"
    "with '_' for '-', for instance NBKEYS_NETBIRD_TOKEN_FILE. The flag wins. HTTPS_PROXY,\n"
    "HTTP_PROXY and NO_PROXY are honoured; a proxy is written as http://host:port. Durations are\n"
    "written like 15s, 5m or 1h30m.\n";

constexpr const char* kVerbs =
    "Verbs for people, also as `kubectl nbkeys`: status, list, rotate, revoke, strays, check, "
    "render, audit,\ncompletion. Each has its own --help.\n";

std::string environment_twin(const std::string& flag) {
  std::string out = "NBKEYS_";
  for (const char c : flag) {
    out += c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  }
  return out;
}

template <typename T>
CLI::Option* add(CLI::App& app, const char* group, const std::string& flag, T& value,
                 const std::string& help) {
  return app.add_option("--" + flag, value, help)->envname(environment_twin(flag))->group(group);
}

CLI::Option* add_switch(CLI::App& app, const char* group, const std::string& flag, bool& value,
                        const std::string& help) {
  return app.add_flag("--" + flag, value, help)->envname(environment_twin(flag))->group(group);
}

void add_servers(CLI::App& app, RawOptions& raw) {
  add(app, kGroupKube, "kubeconfig", raw.kubeconfig,
      "kubeconfig file; without it KUBECONFIG, else the pod's own ServiceAccount, else "
      "~/.kube/config")
      ->type_name("FILE");
  add(app, kGroupKube, "context", raw.context,
      "context of the kubeconfig; default: the current one")
      ->type_name("NAME");
  add(app, kGroupKube, "watch-namespace", raw.watch_namespaces,
      "work only in this namespace; may be repeated; default: all")
      ->type_name("NAME")
      ->delimiter(',')
      ->allow_extra_args(false);
  add(app, kGroupKube, "refuse-in-secret-template", raw.refuse_in_secret_template,
      "label, annotation or type that no secretTemplate may hold, or name that no Secret may have, "
      "besides what is refused anyway: name, name=value, domain/ with all below it, or a beginning "
      "with its last dot; may be repeated")
      ->type_name("ENTRY")
      ->delimiter(',')
      ->allow_extra_args(false);
  add(app, kGroupNetBird, "netbird-url", raw.netbird_url,
      "address of the NetBird management server; an /api at its end is left out")
      ->type_name("URL")
      ->capture_default_str();
  add(app, kGroupNetBird, "netbird-token-file", raw.netbird_token_file,
      "file with the access token of a NetBird service user with the role admin, which lives a "
      "year at most; read again when it changes (required)")
      ->type_name("FILE");
  add(app, kGroupNetBird, "netbird-ca-file", raw.netbird_ca_file,
      "PEM file with CAs to trust for NetBird besides the system's")
      ->type_name("FILE");
  add_switch(app, kGroupNetBird, "netbird-insecure-http", raw.netbird_insecure_http,
             "allow --netbird-url with plain http to another host; the token can then be read on "
             "the way");
  add(app, kGroupNetBird, "netbird-requests-per-minute", raw.netbird_requests_per_minute,
      "upper bound on calls to NetBird; 0: none of our own; default: learnt, at most 100 a minute "
      "after a burst of 1000, half of it after each 429");
  add(app, kGroupNetBird, "netbird-burst", raw.netbird_burst,
      "calls that may be made at once under that bound; 0: as many as per minute")
      ->capture_default_str();
}

void add_identity(CLI::App& app, RawOptions& raw) {
  add(app, kGroupNetBird, "identity", raw.identity,
      "a word that makes this installation another one for the keys at NetBird than a copy of its "
      "cluster, or than the cluster that it is a copy of; keys that were made under another "
      "identity are not its own, so it issues new ones")
      ->type_name("WORD");
}

void add_lease(CLI::App& app, RawOptions& raw) {
  add_switch(app, kGroupLease, "leader-elect", raw.leader_elect,
             "let one of several replicas work and the others stand by");
  add(app, kGroupLease, "lease-name", raw.lease_name, "name of the Lease")
      ->type_name("NAME")
      ->capture_default_str();
  add(app, kGroupLease, "lease-namespace", raw.lease_namespace,
      "namespace of the Lease; default: the pod's or the context's, else \"default\"")
      ->type_name("NAME");
  add(app, kGroupLease, "lease-duration", raw.lease_duration,
      "how long a lease lasts that is not renewed")
      ->type_name("DURATION")
      ->capture_default_str();
  add(app, kGroupLease, "renew-deadline", raw.renew_deadline,
      "how long the leader goes on without having renewed")
      ->type_name("DURATION")
      ->capture_default_str();
  add(app, kGroupLease, "retry-period", raw.retry_period, "time between attempts to get or renew")
      ->type_name("DURATION")
      ->capture_default_str();
}

void add_rest(CLI::App& app, RawOptions& raw) {
  add(app, kGroupWork, "resync", raw.resync, "how often all keys at NetBird are looked at")
      ->type_name("DURATION")
      ->capture_default_str();
  add(app, kGroupWork, "concurrency", raw.concurrency, "requests in flight per server")
      ->capture_default_str();
  add(app, kGroupWatching, "metrics-address", raw.metrics_address,
      "where /healthz, /readyz and /metrics are served")
      ->type_name("[HOST]:PORT")
      ->capture_default_str();
  add_switch(app, kGroupWatching, "metrics-per-object", raw.metrics_per_object,
             "series in /metrics for each SetupKey by name; =false shows only counts of them "
             "[true]");
  add(app, kGroupWatching, "log-level", raw.log_level, "trace, debug, info, warn or error")
      ->type_name("LEVEL")
      ->capture_default_str();
  add(app, kGroupWatching, "log-format", raw.log_format, "text or json")
      ->type_name("FORMAT")
      ->capture_default_str();
}

Parsed usage_error(std::string text, const char* help) {
  // CLI11 puts lists of missing things on lines of their own.
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return {Parsed::What::kUsageError, text + "; see: " + help, {}};
}

}  // namespace

Parsed parse(int argc, const char* const* argv) {
  const std::string version_text = "nbkeys " NBKEYS_VERSION;
  CLI::App app{"nbkeys keeps NetBird setup keys as Kubernetes Secrets.", "nbkeys"};
  app.require_subcommand(1);
  app.footer(kVerbs);
  CLI::App* run = app.add_subcommand("run", "Run the operator.");
  CLI::App* version = app.add_subcommand("version", "Print the version.");
  app.set_version_flag("--version", version_text, "Print the version.");
  run->footer(kFooter);
  RawOptions raw;
  add_servers(*run, raw);
  add_identity(*run, raw);
  add_lease(*run, raw);
  add_rest(*run, raw);
  try {
    if (argc == 1)
      return usage_error("say what to do: run, version or one of the verbs", "nbkeys --help");
    const std::string_view first = argv[1];
    if (!first.starts_with('-') && first != "run" && first != "version") {
      std::string text = "there is no command '";
      text.append(first).append("', only run, version and the verbs");
      return usage_error(std::move(text), "nbkeys --help");
    }
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {Parsed::What::kPrint, app.help(), {}};
  } catch (const CLI::CallForVersion&) {
    return {Parsed::What::kPrint, version_text, {}};
  } catch (const CLI::ParseError& problem) {
    return usage_error(problem.what(), run->parsed() ? "nbkeys run --help" : "nbkeys --help");
  }
  if (version->parsed()) return {Parsed::What::kPrint, version_text, {}};
  auto checked = check(raw);
  if (!checked) return usage_error(checked.error().message, "nbkeys run --help");
  return {Parsed::What::kRun, "", std::move(*checked)};
}

}  // namespace nbkeys::cli
