#include "cli/cleanup_run.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "base/json.h"
#include "base/percent.h"
#include "kube/names.h"
#include "kube/requests.h"
#include "kube/responses.h"
#include "plugin/exit_code.h"
#include "plugin/kube_calls.h"
#include "plugin/link.h"
#include "shell/clock.h"
#include "shell/kubeconfig.h"
#include "shell/pool.h"
#include "shell/process.h"
#include "shell/tls.h"

namespace nbkeys::cli {
namespace {

using base::Json;
using plugin::ExitCode;

// Between two looks at what others are to finish. A watch would be quicker by a second, once in the
// life of an installation.
constexpr std::chrono::milliseconds kLook{1'000};

// A SetupKey, as far as this matters.
struct Item {
  kube::Meta meta;
  std::string why;  // the message of Ready

  bool has_our_finalizer() const {
    const auto& all = meta.finalizers;
    return std::find(all.begin(), all.end(), kube::kFinalizer) != all.end();
  }
};

std::string ready_message(const Json& object) {
  const Json* conditions = base::find(object, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return "";
  for (const Json& each : *conditions) {
    if (base::string_or(each, {"type"}) == "Ready") return base::string_or(each, {"message"});
  }
  return "";
}

io::HttpRequest request(io::Method method, std::string path, std::string operation,
                        const Json& body = {}) {
  io::HttpRequest out;
  out.method = method;
  out.path = std::move(path);
  out.operation = std::move(operation);
  if (!body.is_null()) {
    out.content_type =
        method == io::Method::kPatch ? "application/merge-patch+json" : "application/json";
    out.body = base::SecretText(base::dump_json(body));
  }
  return out;
}

// Whoever was quicker has done what was to be done, or makes us look again.
bool overtaken(const base::Error& error) {
  return error.code == base::ErrorCode::kConflict || error.code == base::ErrorCode::kNotFound;
}

ExitCode fail(const base::Error& error) {
  std::fprintf(stderr, "nbkeys: %s\n", base::to_text(error).c_str());
  return ExitCode::kUnreachable;
}

ExitCode late(const std::string& line) {
  std::fprintf(stderr, "nbkeys: out of time: %s\n", line.c_str());
  return ExitCode::kTimedOut;
}

class Cleanup {
 public:
  Cleanup(const CleanupOptions& options, std::unique_ptr<plugin::Link> kube, std::string own)
      : options_(options),
        kube_(std::move(kube)),
        own_namespace_(std::move(own)),
        deadline_(shell::mono_now() + options.timeout) {}

  ExitCode run() {
    if (options_.helm_record) {
      const auto work = plugin::read_helm_work(*kube_, *options_.helm_record);
      if (!work) return fail(work.error());
      if (*work != plugin::HelmWork::kUninstalling) return not_meant();
    }
    if (!options_.stop_deployment.empty()) {
      if (const ExitCode code = stop_operator(); code != ExitCode::kOk) return code;
    }
    return options_.policy == CleanupPolicy::kRetain ? let_go() : remove();
  }

 private:
  ExitCode not_meant();
  ExitCode stop_operator();
  ExitCode let_go();
  ExitCode remove();

  base::Result<std::vector<Item>> list();
  base::Status list_into(const std::string& name_space, std::vector<Item>& out);
  base::Result<Json> ask(io::HttpRequest request, std::string_view step);
  // False where the time is over.
  bool pause() const;

  const CleanupOptions& options_;
  std::unique_ptr<plugin::Link> kube_;
  std::string own_namespace_;
  base::Instant deadline_;
};

std::string count_of(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " SetupKey" : " SetupKeys");
}

// A few by name, with what they wait for.
std::string named(const std::vector<Item>& items) {
  constexpr std::size_t kMost = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(items.size(), kMost); ++i) {
    out += (i == 0 ? "" : "; ") + to_text(items[i].meta.ref);
    if (!items[i].why.empty()) out += " (" + items[i].why + ")";
  }
  if (items.size() > kMost) out += "; and " + std::to_string(items.size() - kMost) + " more";
  return out;
}

bool Cleanup::pause() const {
  if (shell::mono_now() + kLook > deadline_) return false;
  std::this_thread::sleep_for(kLook);
  return true;
}

base::Result<Json> Cleanup::ask(io::HttpRequest request, std::string_view step) {
  auto answer = kube::accept_response(kube_->call(std::move(request)), step);
  if (!answer) return answer.error();
  return base::parse_json(answer->body.reveal(), step);
}

base::Status Cleanup::list_into(const std::string& name_space, std::vector<Item>& out) {
  const std::size_t before = out.size();
  const auto read = [&out](const Json& each) -> base::Status {
    auto meta = kube::parse_meta(each);
    if (!meta) return meta.error();
    out.push_back({std::move(*meta), ready_message(each)});
    return base::Done{};
  };
  const auto listed = plugin::each_listed(
      *kube_, kube::Pages({kube::Collection::Resource::kSetupKeys, name_space}),
      [&out, before] { out.resize(before); }, read);
  // Without the kind there is no SetupKey either.
  if (listed || listed.error().code == base::ErrorCode::kNotFound) return base::Done{};
  return listed.error();
}

base::Result<std::vector<Item>> Cleanup::list() {
  std::vector<Item> out;
  const std::vector<std::string> everywhere{""};
  for (const std::string& each : options_.namespaces.empty() ? everywhere : options_.namespaces) {
    if (base::Status listed = list_into(each, out); !listed) return listed.error();
  }
  return out;
}

// Rendered without Helm, this was applied together with the operator.
ExitCode Cleanup::not_meant() {
  std::printf(
      "Helm is not uninstalling %s*, so nothing is done; where hooks are honoured without a record "
      "in a Secret, set uninstall.trustHooks=true\n",
      (options_.helm_record->name_space + "/" + options_.helm_record->stem).c_str());
  return ExitCode::kOk;
}

// An operator that still works would put its finalizer back, so this goes first.
ExitCode Cleanup::stop_operator() {
  const std::string in = "/namespaces/" + own_namespace_;
  auto scale =
      ask(request(io::Method::kPatch,
                  "/apis/apps/v1" + in + "/deployments/" + options_.stop_deployment + "/scale",
                  "patch_scale", {{"spec", {{"replicas", 0}}}}),
          "stop the operator");
  if (!scale) {
    return scale.error().code == base::ErrorCode::kNotFound ? ExitCode::kOk : fail(scale.error());
  }
  const std::string selector = base::string_or(*scale, {"status", "selector"});
  if (selector.empty()) {
    return fail({base::ErrorCode::kMalformed, "stop the operator",
                 "the scale of Deployment " + options_.stop_deployment + " has no selector"});
  }
  std::printf("stopping the operator\n");
  for (;;) {
    auto pods = ask(
        request(io::Method::kGet,
                "/api/v1" + in + "/pods?limit=1&labelSelector=" + base::encode_component(selector),
                "list_pods"),
        "list the operator's pods");
    if (!pods) return fail(pods.error());
    const Json* items = base::find(*pods, {"items"});
    if (items == nullptr || items->empty()) return ExitCode::kOk;
    if (!pause()) return late("the operator's pods do not end; its Deployment is scaled to 0");
  }
}

ExitCode Cleanup::let_go() {
  std::size_t done = 0;
  for (;;) {
    auto items = list();
    if (!items) return fail(items.error());
    std::vector<Item> held;
    std::copy_if(items->begin(), items->end(), std::back_inserter(held),
                 [](const Item& item) { return item.has_our_finalizer(); });
    if (held.empty()) {
      std::printf("%s let go; keys at NetBird and Secrets stay\n", count_of(done).c_str());
      return ExitCode::kOk;
    }
    for (const Item& item : held) {
      if (shell::mono_now() > deadline_) return late(named(held) + " still have our finalizer");
      auto rest = item.meta.finalizers;
      std::erase(rest, kube::kFinalizer);
      auto patched = ask(kube::patch_finalizers(item.meta, rest), "take off the finalizer");
      if (patched) {
        ++done;
      } else if (!overtaken(patched.error())) {
        return fail(patched.error());
      }
    }
  }
}

ExitCode Cleanup::remove() {
  std::optional<std::size_t> found;
  for (;;) {
    auto items = list();
    if (!items) return fail(items.error());
    if (!found) found = items->size();
    if (items->empty()) {
      std::printf("%s deleted, with their keys as each deletionPolicy says\n",
                  count_of(*found).c_str());
      return ExitCode::kOk;
    }
    for (const Item& item : *items) {
      if (item.meta.deleting) continue;
      const Json body = {{"kind", "DeleteOptions"},
                         {"apiVersion", "v1"},
                         {"preconditions", {{"uid", item.meta.uid}}}};
      auto deleted = ask(request(io::Method::kDelete,
                                 "/apis/keys.netbird.io/v1alpha1/namespaces/" +
                                     item.meta.ref.name_space + "/setupkeys/" + item.meta.ref.name,
                                 "delete_setupkey", body),
                         "delete SetupKey");
      if (!deleted && !overtaken(deleted.error())) return fail(deleted.error());
    }
    if (!pause()) {
      return late(named(*items) +
                  " still exist; nothing is uninstalled. Repeat it when NetBird answers, or use "
                  "uninstall.policy=Retain");
    }
  }
}

}  // namespace

int run_cleanup(const CleanupOptions& options) {
  shell::disable_default_roots();
  auto endpoint =
      shell::find_kubernetes(options.kubeconfig, options.context, shell::process_environment);
  if (!endpoint) return static_cast<int>(fail(endpoint.error()));
  shell::start_pool();
  std::string own = endpoint->name_space.empty() ? "default" : endpoint->name_space;
  auto link = plugin::Link::open(std::move(endpoint->upstream));
  if (!link) return static_cast<int>(fail(link.error()));
  return static_cast<int>(Cleanup(options, std::move(*link), std::move(own)).run());
}

}  // namespace nbkeys::cli
