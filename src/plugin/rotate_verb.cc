#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/names.h"
#include "plugin/console.h"
#include "plugin/kube_calls.h"
#include "plugin/progress.h"
#include "plugin/servers.h"
#include "plugin/verbs.h"
#include "plugin/watching.h"
#include "shell/clock.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

struct Asked {
  kube::SetupKey resource;
  Progress progress;
  std::string refused;  // why nothing was asked of the operator
};

using Requests = std::map<kube::ObjectRef, Asked>;

class Rotation {
 public:
  Rotation(const Request& request, Kubernetes kubernetes)
      : request_(request),
        kubernetes_(std::move(kubernetes)),
        style_(style_for(request.color, surroundings_of_process())),
        value_("nbkeys-" + base::format_rfc3339_micro(shell::wall_now())) {}

  ExitCode run() {
    auto found = select();
    if (!found) return fail(found.error());
    if (found->empty()) {
      tell("there is no SetupKey to rotate");
      return ExitCode::kFindings;
    }
    ExitCode worst = ExitCode::kOk;
    for (kube::SetupKey& resource : *found) worst = std::max(worst, ask(std::move(resource)));
    if (request_.wait) worst = std::max(worst, wait());
    if (request_.format != Format::kTable) print_json(summary(), request_.format);
    return worst;
  }

 private:
  base::Result<std::vector<kube::SetupKey>> select() {
    if (request_.names.empty()) {
      auto listed = list_setup_keys(*kubernetes_.link, kubernetes_.name_space, request_.selector);
      if (!listed) return listed.error();
      return std::move(listed->items);
    }
    std::vector<kube::SetupKey> out;
    // All names are looked up before anything is changed.
    for (const std::string& name : request_.names) {
      auto found = get_setup_key(*kubernetes_.link, {kubernetes_.name_space, name});
      if (!found) return found.error();
      out.push_back(std::move(*found));
    }
    return out;
  }

  ExitCode ask(kube::SetupKey resource) {
    const kube::ObjectRef ref = resource.meta.ref;
    Asked& asked = requests_[ref];
    asked.resource = std::move(resource);
    asked.refused = why_not_rotate(asked.resource);
    if (!asked.refused.empty()) {
      tell(kube::to_text(ref) + " is not rotated: " + asked.refused);
      return ExitCode::kFindings;
    }
    const Json patch = {{"metadata", {{"annotations", {{kube::kRotateAnnotation, value_}}}}}};
    auto patched = patch_setup_key(*kubernetes_.link, asked.resource.meta, patch);
    if (!patched) {
      asked.refused = patched.error().message;
      return fail(patched.error());
    }
    asked.resource = std::move(*patched);
    show(ref, asked, {Stage::kAsked, "asked for a new key"});
    return ExitCode::kOk;
  }

  void show(const kube::ObjectRef& ref, Asked& asked, Progress progress) {
    if (asked.progress.words == progress.words) return;
    asked.progress = std::move(progress);
    if (request_.format != Format::kTable) return;
    const Stage stage = asked.progress.stage;
    const Paint paint = stage == Stage::kDone    ? Paint::kGood
                        : stage == Stage::kStuck ? Paint::kBad
                                                 : Paint::kPlain;
    print(kube::to_text(ref) + ": " + style_.paint(paint, printable(asked.progress.words)) + "\n");
    // Who watches a pipe sees each step when it happens.
    std::fflush(stdout);
  }

  bool open(const Asked& asked) const {
    return asked.refused.empty() && asked.progress.stage != Stage::kDone &&
           asked.progress.stage != Stage::kStuck && asked.progress.stage != Stage::kGone;
  }
  bool all_settled() const {
    return std::none_of(requests_.begin(), requests_.end(),
                        [this](const auto& entry) { return open(entry.second); });
  }

  bool see(const Change& change) {
    const auto found = requests_.find(change.resource.meta.ref);
    if (found == requests_.end() || !open(found->second)) return all_settled();
    Asked& asked = found->second;
    if (change.deleted || change.resource.meta.uid != asked.resource.meta.uid) {
      show(found->first, asked, {Stage::kGone, "was deleted"});
    } else {
      asked.resource = change.resource;
      show(found->first, asked, progress_of(asked.resource, value_));
    }
    return all_settled();
  }

  // Watches from a list on, and again where the server ends the stream, until the time is over.
  ExitCode wait() {
    const base::Instant deadline = shell::mono_now() + request_.timeout;
    const std::string only = requests_.size() == 1 ? requests_.begin()->first.name : "";
    while (!all_settled() && shell::mono_now() < deadline) {
      auto listed = list_setup_keys(*kubernetes_.link, kubernetes_.name_space, request_.selector);
      if (!listed) return fail(listed.error());
      for (kube::SetupKey& each : listed->items) see({false, std::move(each)});
      if (all_settled()) break;
      const WatchPlan plan{kubernetes_.name_space, only, listed->resource_version,
                           deadline - shell::mono_now()};
      auto ended = watch_setup_keys(*kubernetes_.link, plan,
                                    [this](const Change& change) { return see(change); });
      // A history that is gone meanwhile is a reason to list again.
      if (!ended && ended.error().code != base::ErrorCode::kGone) return fail(ended.error());
    }
    return verdict();
  }

  ExitCode verdict() const {
    ExitCode out = ExitCode::kOk;
    for (const auto& [ref, asked] : requests_) {
      if (asked.progress.stage == Stage::kDone || !asked.refused.empty()) continue;
      tell(kube::to_text(ref) + " has no new key yet: " + asked.progress.words +
           "; see: nbkeys status " + ref.name + " -n " + ref.name_space);
      out = std::max(out, open(asked) ? ExitCode::kTimedOut : ExitCode::kFindings);
    }
    return out;
  }

  Json summary() const {
    Json out = Json::array();
    for (const auto& [ref, asked] : requests_) {
      const bool done = asked.progress.stage == Stage::kDone;
      Json one = {{"namespace", ref.name_space},
                  {"name", ref.name},
                  {"asked", asked.refused.empty()},
                  {"done", done},
                  {"message", asked.refused.empty() ? asked.progress.words : asked.refused}};
      if (done) {
        one["keyID"] = asked.resource.status.key_id;
        one["revision"] = asked.resource.status.revision;
      }
      out.push_back(std::move(one));
    }
    return out;
  }

  const Request& request_;
  Kubernetes kubernetes_;
  Style style_;
  std::string value_;
  Requests requests_;
};

}  // namespace

ExitCode rotate(const Request& request) {
  auto kubernetes = open_kubernetes(request);
  if (!kubernetes) return fail(kubernetes.error());
  return Rotation(request, std::move(*kubernetes)).run();
}

}  // namespace nbkeys::plugin
