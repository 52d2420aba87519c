#include "cli/verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "cli/completion.h"
#include "cli/verb_check.h"

namespace nbkeys::cli {
namespace {

constexpr const char* kGroupKube = "Kubernetes";
constexpr const char* kGroupNetBird =
    "NetBird (where absent: from the operator's Deployment and Secret)";
constexpr const char* kGroupOutput = "Output";

constexpr const char* kFooter =
    "Exit codes: 0 done or yes, 1 no or something was found, 2 called wrongly, 3 a server cannot "
    "be "
    "reached\nor refuses, 4 out of time.\n";

struct Flags {
  RawVerb raw;
  CLI::App* verb = nullptr;
};

void add_twinned(CLI::App& verb, const char* group, const std::string& flag, const char* twin,
                 std::string& value, const char* type, const std::string& help) {
  verb.add_option(flag, value, help)->envname(twin)->type_name(type)->group(group);
}

void add_kubernetes(CLI::App& verb, RawVerb& raw) {
  auto& access = raw.request.access;
  add_twinned(verb, kGroupKube, "--kubeconfig", "NBKEYS_KUBECONFIG", access.kubeconfig, "FILE",
              "kubeconfig file; without it KUBECONFIG, else ~/.kube/config");
  add_twinned(verb, kGroupKube, "--context", "NBKEYS_CONTEXT", access.context, "NAME",
              "context of the kubeconfig; default: the current one");
}

void add_namespace(CLI::App& verb, RawVerb& raw) {
  verb.add_option("-n,--namespace", raw.request.name_space,
                  "namespace to work in; default: the context's")
      ->type_name("NAME")
      ->group(kGroupKube);
}

void add_selection(CLI::App& verb, RawVerb& raw) {
  add_namespace(verb, raw);
  verb.add_flag("-A,--all-namespaces", raw.request.all_namespaces, "every namespace")
      ->group(kGroupKube);
  verb.add_option("-l,--selector", raw.request.selector, "only SetupKeys with these labels")
      ->type_name("SELECTOR")
      ->group(kGroupKube);
}

void add_netbird(CLI::App& verb, RawVerb& raw) {
  auto& access = raw.request.access;
  add_twinned(verb, kGroupNetBird, "--netbird-url", "NBKEYS_NETBIRD_URL", access.netbird_url, "URL",
              "address of the NetBird management server; an /api at its end is left out");
  add_twinned(verb, kGroupNetBird, "--netbird-token-file", "NBKEYS_NETBIRD_TOKEN_FILE",
              access.netbird_token_file, "FILE", "file with an access token of NetBird");
  add_twinned(verb, kGroupNetBird, "--netbird-ca-file", "NBKEYS_NETBIRD_CA_FILE",
              access.netbird_ca_file, "FILE", "PEM file with CAs to trust for NetBird");
  verb.add_flag("--netbird-insecure-http", access.netbird_insecure_http,
                "allow plain http to another host; the token can then be read on the way")
      ->envname("NBKEYS_NETBIRD_INSECURE_HTTP")
      ->group(kGroupNetBird);
  add_twinned(verb, kGroupNetBird, "--identity", "NBKEYS_IDENTITY", access.identity, "WORD",
              "the installation's own identity, where its operator was given one");
  verb.add_option("--operator-namespace", access.operator_namespace,
                  "where the operator is installed")
      ->envname("NBKEYS_OPERATOR_NAMESPACE")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(kGroupNetBird);
}

void add_output(CLI::App& verb, RawVerb& raw, std::vector<std::string> formats) {
  std::string list;
  for (const std::string& each : formats) list += (list.empty() ? "" : ", ") + each;
  verb.add_option("-o,--output", raw.output, list + "; default: " + formats.front())
      ->type_name("FORMAT")
      ->group(kGroupOutput);
  verb.add_option("--color", raw.color, "auto, always, never; auto honours NO_COLOR")
      ->type_name("WHEN")
      ->capture_default_str()
      ->group(kGroupOutput);
  raw.formats[verb.get_name()] = std::move(formats);
}

void add_unused(CLI::App& verb, RawVerb& raw) {
  verb.add_option("--unused-after", raw.unused_after,
                  "how long a key may go unused before that is remarked, such as 30d")
      ->type_name("DURATION")
      ->capture_default_str();
}

void add_yes(CLI::App& verb, RawVerb& raw) {
  verb.add_flag("-y,--yes", raw.request.yes, "do not ask");
}

void add_names(CLI::App& verb, RawVerb& raw) {
  verb.add_option("NAME", raw.request.names, "names of SetupKeys");
}

CLI::App& add_verb(CLI::App& app, const char* name, const char* help, RawVerb& raw) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->footer(kFooter);
  if (std::string_view(name) != "render") add_kubernetes(*verb, raw);
  return *verb;
}

void add_looking_verbs(CLI::App& app, RawVerb& raw) {
  CLI::App& status = add_verb(
      app, "status", "Show all about one SetupKey on one screen, and what to do now.", raw);
  status.add_option("NAME", raw.request.names, "name of the SetupKey")->required()->expected(1);
  add_namespace(status, raw);
  status.add_flag("--show-key", raw.request.show_key,
                  "also print the key itself, read from the Secret with your own rights");
  add_output(status, raw, {"table", "json", "yaml"});

  CLI::App& list =
      add_verb(app, "list", "List SetupKeys joined with NetBird's own list of keys.", raw);
  add_selection(list, raw);
  add_netbird(list, raw);
  add_unused(list, raw);
  add_output(list, raw, {"table", "wide", "json", "yaml", "name"});

  CLI::App& check =
      add_verb(app, "check", "Check CRD, rights, token, clocks and latency of both servers.", raw);
  add_selection(check, raw);
  add_netbird(check, raw);
  check
      .add_option("--helm-record", raw.helm_record,
                  "for the chart's test: check nothing unless Helm has released what this Secret "
                  "or a later one records")
      ->type_name("NAMESPACE/NAME");
  add_output(check, raw, {"table", "json", "yaml"});

  CLI::App& audit =
      add_verb(app, "audit", "Grade each key A to F by the six rules of NetBird's guide.", raw);
  add_selection(audit, raw);
  add_netbird(audit, raw);
  add_unused(audit, raw);
  audit.add_option("--fail-below", raw.fail_below, "end with 1 where a grade is below this one")
      ->type_name("GRADE");
  add_output(audit, raw, {"table", "json", "yaml", "markdown"});

  CLI::App& render =
      add_verb(app, "render",
               "Check manifests by the CRD's own rules, offline, and show their defaults.", raw);
  render.add_option("FILE", raw.request.file, "file with manifests, or - for standard input")
      ->required();
  add_output(render, raw, {"yaml", "json"});
}

void add_changing_verbs(CLI::App& app, RawVerb& raw) {
  CLI::App& rotate = add_verb(app, "rotate", "Have keys replaced by new ones now.", raw);
  add_names(rotate, raw);
  add_selection(rotate, raw);
  rotate.add_flag("--all", raw.request.all, "every SetupKey of the namespace, or of all with -A");
  rotate.add_flag("--wait", raw.request.wait, "wait until the new keys are in their Secrets");
  rotate.add_option("--timeout", raw.timeout, "how long to wait")
      ->type_name("DURATION")
      ->capture_default_str();
  add_output(rotate, raw, {"table", "json", "yaml"});

  CLI::App& revoke = add_verb(
      app, "revoke", "Revoke keys for good (spec.revoked: true); enrolled peers stay.", raw);
  add_names(revoke, raw);
  add_namespace(revoke, raw);
  add_yes(revoke, raw);
  add_output(revoke, raw, {"table", "json", "yaml"});

  CLI::App& strays =
      add_verb(app, "strays",
               "Find keys with our mark that no SetupKey refers to; delete them on demand.", raw);
  add_netbird(strays, raw);
  strays.add_flag("--delete", raw.request.remove, "delete left-over keys of existing SetupKeys");
  strays.add_flag("--orphans", raw.request.orphans,
                  "with --delete: also keys of no SetupKey of this cluster; only where no other "
                  "cluster uses the account");
  add_yes(strays, raw);
  add_output(strays, raw, {"table", "json", "yaml"});
}

VerbCall usage_error(std::string text, const std::string& help) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return {VerbCall::What::kUsageError, text + "; see: " + help, {}};
}

std::string_view program_of(int argc, const char* const* argv) {
  const std::string_view path = argc > 0 ? argv[0] : "nbkeys";
  return path.substr(path.rfind('/') + 1);
}

bool is_plugin(int argc, const char* const* argv) {
  return program_of(argc, argv).starts_with("kubectl-nbkeys");
}

std::vector<std::string> names_of_verbs(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    out.push_back(each->get_name());
  }
  return out;
}

std::string verbs_of(const CLI::App& app) {
  std::string out;
  for (const std::string& name : names_of_verbs(app)) out += (out.empty() ? "" : ", ") + name;
  return out;
}

bool is_verb(const CLI::App& app, const std::string& name) {
  const auto names = names_of_verbs(app);
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_verb_call(int argc, const char* const* argv) {
  if (is_plugin(argc, argv)) return true;
  constexpr std::string_view kVerbs[] = {"status", "list",   "rotate", "revoke",    "strays",
                                         "check",  "render", "audit",  "completion"};
  return argc > 1 && std::find(std::begin(kVerbs), std::end(kVerbs), argv[1]) != std::end(kVerbs);
}

VerbCall parse_verb(int argc, const char* const* argv) {
  const bool plugin = is_plugin(argc, argv);
  const std::string called = plugin ? "kubectl nbkeys" : "nbkeys";
  const std::string version_text = "nbkeys " NBKEYS_VERSION;
  CLI::App app{"Look after NetBird setup keys that nbkeys keeps as Kubernetes Secrets.", called};
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text, "Print the version.");
  RawVerb raw;
  add_looking_verbs(app, raw);
  add_changing_verbs(app, raw);
  std::string shell;
  CLI::App* completion =
      app.add_subcommand("completion", "Print the completion script of a shell.");
  completion->add_option("SHELL", shell, "bash, zsh or fish")->required();
  CLI::App* version = app.add_subcommand("version", "Print the version.");
  const auto chosen = [&app]() -> const CLI::App* {
    const auto list = app.get_subcommands();
    return list.empty() ? nullptr : list.front();
  };
  const auto help_of = [&](const CLI::App* verb) {
    return called + (verb == nullptr ? "" : " " + verb->get_name()) + " --help";
  };
  try {
    if (argc < 2) return usage_error("say what to do: " + verbs_of(app), help_of(nullptr));
    const std::string first = argv[1];
    if (!first.starts_with('-') && !is_verb(app, first)) {
      return usage_error("there is no command '" + first + "', only " + verbs_of(app),
                         help_of(nullptr));
    }
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {VerbCall::What::kPrint, app.help(), {}};
  } catch (const CLI::CallForVersion&) {
    return {VerbCall::What::kPrint, version_text, {}};
  } catch (const CLI::ParseError& problem) {
    return usage_error(problem.what(), help_of(chosen()));
  }
  const CLI::App* verb = chosen();
  if (verb == version) return {VerbCall::What::kPrint, version_text, {}};
  if (verb == completion) {
    auto script = completion_script(app, shell, plugin);
    if (!script) return usage_error(script.error().message, help_of(verb));
    return {VerbCall::What::kPrint, std::move(*script), {}};
  }
  auto checked = check_verb(raw, verb->get_name());
  if (!checked) return usage_error(checked.error().message, help_of(verb));
  return {VerbCall::What::kRun, "", std::move(*checked)};
}

}  // namespace nbkeys::cli
