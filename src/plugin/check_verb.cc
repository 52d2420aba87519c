#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "engine/account_words.h"
#include "kube/names.h"
#include "netbird/requests.h"
#include "plugin/account.h"
#include "plugin/checks.h"
#include "plugin/console.h"
#include "plugin/crd.h"
#include "plugin/kube_calls.h"
#include "plugin/servers.h"
#include "plugin/verbs.h"
#include "shell/clock.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr const char* kKube = "Kubernetes";
constexpr const char* kNetBird = "NetBird";

struct Right {
  const char* group;
  const char* resource;
  const char* subresource;
  const char* verb;
  bool needed;  // without it a verb does not work; else only a comfort is missing
};

constexpr Right kCallerRights[] = {
    {"keys.netbird.io", "setupkeys", "", "get", true},
    {"keys.netbird.io", "setupkeys", "", "list", true},
    {"keys.netbird.io", "setupkeys", "", "watch", false},
    {"keys.netbird.io", "setupkeys", "", "patch", false},
    {"", "events", "", "list", false},
    {"", "secrets", "", "get", false},
};

constexpr Right kOperatorRights[] = {
    {"keys.netbird.io", "setupkeys", "", "list", true},
    {"keys.netbird.io", "setupkeys", "", "watch", true},
    {"keys.netbird.io", "setupkeys", "", "patch", true},
    {"keys.netbird.io", "setupkeys", "status", "patch", true},
    {"", "secrets", "", "get", true},
    {"", "secrets", "", "list", true},
    {"", "secrets", "", "watch", true},
    {"", "secrets", "", "create", true},
    {"", "secrets", "", "patch", true},
    {"", "events", "", "create", false},
};

std::string words_of(const Right& right) {
  return std::string(right.verb) + " " + right.resource +
         (*right.subresource == '\0' ? "" : std::string("/") + right.subresource);
}

// Asks about each right through `kind` ("selfsubjectaccessreviews"), and sums up.
Check check_rights(Link& kube, const std::string& name, const std::string& kind, Json spec,
                   const std::string& name_space, std::span<const Right> rights) {
  std::string missing, lacking;
  for (const Right& right : rights) {
    spec["resourceAttributes"] = {{"group", right.group},
                                  {"resource", right.resource},
                                  {"subresource", right.subresource},
                                  {"verb", right.verb},
                                  {"namespace", name_space}};
    const bool self = kind == "selfsubjectaccessreviews";
    auto answer = post_json(kube, "/apis/authorization.k8s.io/v1/" + kind,
                            {{"apiVersion", "authorization.k8s.io/v1"},
                             {"kind", self ? "SelfSubjectAccessReview" : "SubjectAccessReview"},
                             {"spec", spec}},
                            "ask about rights");
    if (!answer) {
      // Not everybody may ask what another one may do.
      const bool forbidden = answer.error().code == base::ErrorCode::kForbidden;
      return {name, forbidden ? Verdict::kSkipped : Verdict::kBad, answer.error().message, ""};
    }
    if (base::bool_or(*answer, {"status", "allowed"}, false)) continue;
    std::string& list = right.needed ? missing : lacking;
    list += (list.empty() ? "" : ", ") + words_of(right);
  }
  if (!missing.empty()) {
    return {name, Verdict::kBad, "missing: " + missing + (lacking.empty() ? "" : ", " + lacking),
            "grant the rights, as deploy/rbac.yaml does"};
  }
  if (!lacking.empty()) {
    return {name, Verdict::kWarning, "missing: " + lacking, "some verbs will not work without"};
  }
  return {name, Verdict::kGood, "all there", ""};
}

class Checking {
 public:
  Checking(const Request& request, Kubernetes kubernetes)
      : request_(request), kubernetes_(std::move(kubernetes)), kube_(*kubernetes_.link) {}

  ExitCode run() {
    for (const std::string& warning : kubernetes_.warnings) {
      found_.push_back({"kubeconfig", Verdict::kWarning, warning, ""});
    }
    const bool reached = check_kubernetes();
    if (reached) {
      check_crd();
      check_access();
      check_operator();
    }
    check_netbird();
    if (request_.format == Format::kTable) {
      print(checks_text(found_, style_for(request_.color, surroundings_of_process())));
    } else {
      print_json(checks_json(found_), request_.format);
    }
    if (!reached) return ExitCode::kUnreachable;
    return any_bad(found_) ? ExitCode::kFindings : ExitCode::kOk;
  }

 private:
  bool check_kubernetes() {
    // The first answer pays for the handshake; the second one tells the latency.
    auto answer = get(kube_, "/version", "reach Kubernetes");
    if (answer) answer = get(kube_, "/version", "reach Kubernetes");
    if (!answer) {
      found_.push_back({kKube, Verdict::kBad, answer.error().message,
                        "see the kubeconfig: " + kubernetes_.origin});
      return false;
    }
    const base::WallTime now = shell::wall_now();
    auto version = base::parse_json(answer->body.reveal(), "read version");
    found_.push_back({kKube, Verdict::kGood,
                      kube_.address() + ", " +
                          (version ? base::string_or(*version, {"gitVersion"}, "unknown version")
                                   : "unknown version"),
                      ""});
    found_.push_back(latency_check(kKube, kube_.took()));
    found_.push_back(clock_check(kKube, answer->date, now, kube_.took()));
    return true;
  }

  void check_crd() {
    auto schema = built_in_schema();
    if (!schema) return found_.push_back({"CRD", Verdict::kBad, schema.error().message, ""});
    auto crd = get_json(kube_,
                        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
                        "setupkeys.keys.netbird.io",
                        "read the CRD");
    if (crd) return found_.push_back(crd_check(*schema, *crd));
    if (crd.error().code == base::ErrorCode::kForbidden) return check_served();
    const bool absent = crd.error().code == base::ErrorCode::kNotFound;
    found_.push_back({"CRD", Verdict::kBad, absent ? "it is not installed" : crd.error().message,
                      absent ? "kubectl apply -f crds/, or install the chart" : ""});
  }

  // Who may not read CRDs still learns whether the kind is served.
  void check_served() {
    auto served = get(kube_, "/apis/" + std::string(kube::kApiVersion), "read API group");
    if (served) {
      found_.push_back({"CRD", Verdict::kWarning,
                        "v1alpha1 is served; you may not read the CRD, so its schema is not "
                        "compared",
                        ""});
    } else {
      found_.push_back({"CRD", Verdict::kBad, "v1alpha1 is not served",
                        "kubectl apply -f crds/, or install the chart"});
    }
  }

  void check_access() {
    const std::string where =
        kubernetes_.name_space.empty() ? "everywhere" : "in " + kubernetes_.name_space;
    found_.push_back(check_rights(kube_, "your rights " + where, "selfsubjectaccessreviews",
                                  Json::object(), kubernetes_.name_space, kCallerRights));
  }

  void check_operator() {
    const std::string& name_space = request_.access.operator_namespace;
    auto read = read_operator(kube_, name_space);
    if (!read) {
      return found_.push_back({"operator", Verdict::kSkipped, read.error().message, ""});
    }
    if (!*read) {
      return found_.push_back({"operator", Verdict::kWarning,
                               "there is no nbkeys Deployment in " + name_space,
                               "name its namespace with --operator-namespace"});
    }
    const OperatorSettings& found = **read;
    const std::string replicas = std::to_string(found.ready_replicas) + " of " +
                                 std::to_string(found.replicas) + " replicas ready, " + found.image;
    const Verdict verdict = found.ready_replicas == 0               ? Verdict::kBad
                            : found.ready_replicas < found.replicas ? Verdict::kWarning
                                                                    : Verdict::kGood;
    found_.push_back({"operator", verdict, replicas,
                      verdict == Verdict::kGood ? ""
                                                : "kubectl -n " + name_space +
                                                      " describe deployment " + found.deployment});
    const Json who = {
        {"user", "system:serviceaccount:" + name_space + ":" + found.account},
        {"groups", Json::array({"system:serviceaccounts", "system:serviceaccounts:" + name_space,
                                "system:authenticated"})}};
    // A scoped operator has its rights in some namespaces only: asked about there.
    found_.push_back(check_rights(kube_, "the operator's rights", "subjectaccessreviews", who,
                                  found.watch_namespace, kOperatorRights));
  }

  void check_netbird() {
    auto opened = open_netbird(request_.access, kube_);
    if (!opened) return found_.push_back(unopened_check(opened.error()));
    Link& netbird = *opened->link;
    for (const std::string& warning : opened->warnings) {
      found_.push_back({kNetBird, Verdict::kWarning, warning, ""});
    }
    // The first answer pays for the handshake; the second one tells the latency.
    auto answer = netbird::accept_response(netbird.call(netbird::get_account()), "reach NetBird");
    if (answer) {
      answer = netbird::accept_response(netbird.call(netbird::get_account()), "reach NetBird");
    }
    const base::WallTime now = shell::wall_now();
    if (!answer) {
      const base::ErrorCode code = answer.error().code;
      const bool token = !answer.error().by_another && (code == base::ErrorCode::kUnauthorized ||
                                                        code == base::ErrorCode::kNotFound);
      return found_.push_back({kNetBird, Verdict::kBad,
                               engine::account_problem(answer.error(), netbird.address()),
                               token ? "replace the token (" + opened->token_from + ")"
                                     : "see the address " + netbird.address()});
    }
    const base::Duration took = netbird.took();
    const auto id = netbird::parse_account_id(answer->body.reveal());
    found_.push_back({kNetBird, id ? Verdict::kGood : Verdict::kBad,
                      netbird.address() + ", " + (id ? "account " + *id : id.error().message), ""});
    found_.push_back(latency_check(kNetBird, took));
    found_.push_back(clock_check(kNetBird, answer->date, now, took));
    found_.push_back(token_check(ask_about_token(netbird), opened->token_from));
    auto account = list_account(netbird);
    if (account) {
      found_.push_back({"NetBird setup keys", Verdict::kGood,
                        count_of(account->keys.size(), "key", "keys") + " listed in " +
                            std::to_string(netbird.took().count()) + " ms",
                        ""});
    } else {
      found_.push_back({"NetBird setup keys", Verdict::kBad,
                        engine::account_problem(account.error(), netbird.address()), ""});
    }
  }

  const Request& request_;
  Kubernetes kubernetes_;
  Link& kube_;
  std::vector<Check> found_;
};

}  // namespace

ExitCode check(const Request& request) {
  auto kubernetes = open_kubernetes(request);
  if (!kubernetes) return fail(kubernetes.error());
  if (request.helm_record) {
    const auto work = read_helm_work(*kubernetes->link, *request.helm_record);
    if (!work) return fail(work.error());
    if (*work == HelmWork::kNone) {
      print(
          "There is no record of a Helm release, so nothing is checked; where Helm keeps its "
          "records elsewhere than in Secrets, set uninstall.trustHooks=true\n");
      return ExitCode::kOk;
    }
  }
  return Checking(request, std::move(*kubernetes)).run();
}

}  // namespace nbkeys::plugin
