#pragma once
// A kube-apiserver as a pure state machine, faithful in what the operator and a person with curl
// use: SetupKeys (schema of our CRD, status subresource, generation, finalizers), Secrets, Leases,
// Events, ConfigMaps and Namespaces, with preconditions, dry runs, selectors, pages, metadata-only
// views, watches with bookmarks and compaction, and garbage collection of owned objects.
//
// What it leaves out: authorization (a fault answers 403), CEL rules, field ownership of
// server-side apply (an apply is a deep merge), and discovery. Garbage collection is immediate.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fakes/kube_store.h"
#include "fakes/kube_types.h"
#include "fakes/schema.h"
#include "io/http.h"

namespace nbkeys::fakes {

struct KubeAnswer {
  int status = 200;
  Json body;
};

class FakeKube {
 public:
  // How a watch from a forgotten version is refused. The real server does both: by an ERROR event
  // out of its cache, and by status 410 where it has to ask etcd.
  enum class Gone { kErrorEvent, kHttpStatus };

  FakeKube();

  io::HttpResponse handle(const io::HttpRequest& request, base::Now now);

  struct WatchStart {
    int status = 200;
    std::string body;               // of a refusal, or the first and last line of a watch that ends
    std::optional<KubeWatchId> id;  // none where the answer is complete
  };
  WatchStart open_watch(const std::string& target, const std::string& accept, base::Now now);
  static bool is_watch(const io::HttpRequest& request);
  KubeStore& store() { return store_; }
  const KubeStore& store() const { return store_; }

  void compact() { store_.compact(); }
  // Becomes what the backup is: objects and versions go back, history and watches are gone.
  void restore(const FakeKube& backup);
  void set_gone(Gone gone) { gone_ = gone; }
  // Without it, SetupKeys are unknown to the server.
  void set_crd_installed(bool installed) { crd_installed_ = installed; }
  // A mutating admission webhook: changes what is about to be stored, whoever writes it. The
  // resource is told by its plural name.
  using Admission = std::function<void(const std::string& resource, Json& object)>;
  void set_admission(Admission admission) { admission_ = std::move(admission); }

 private:
  using Outcome = std::variant<KubeAnswer, Refusal>;
  struct Call {
    const io::HttpRequest& request;
    Url url;
    Target target;
    base::Now now;
    bool dry_run = false;
    const ResourceType& type() const { return *target.type; }
  };

  std::optional<Target> find_target(const Url& url) const;
  Outcome route(const Call& call);
  Outcome get(const Call& call) const;
  Outcome list(const Call& call);
  Outcome create(const Call& call);
  Outcome create_object(const Call& call, Json object);
  Outcome replace(const Call& call);
  Outcome patch(const Call& call);
  Outcome apply(const Call& call);
  Outcome remove(const Call& call);
  Outcome update(const Call& call, const Object& old, Json next);

  std::optional<Refusal> may_create_in(const Call& call, const std::string& name_space) const;
  std::optional<Refusal> complete(const ResourceType& type, Json& object) const;
  static std::optional<Refusal> complete_secret(Json& object);
  static std::optional<Refusal> check_precondition(const ResourceType& type, const Json& old,
                                                   const Json& next);
  static std::optional<Refusal> check_frozen(const ResourceType& type, const Json& old,
                                             const Json& next);
  Object store(const ResourceType& type, Json object, base::Now now);
  void erase(const ResourceType& type, const Json& object, base::Now now);
  void collect_dependents(const std::string& uid, base::Now now);
  void delete_object(const ResourceType& type, const Object& object, base::Now now);
  void drain_namespace(const std::string& name, base::Now now);
  void finish_namespace(const std::string& name);
  std::string new_uid();

  struct Pages {
    std::uint64_t version = 0;
    std::uint64_t compactions = 0;
    std::vector<Object> rest;
  };

  Schema schema_;
  KubeStore store_;
  Gone gone_ = Gone::kErrorEvent;
  bool crd_installed_ = true;
  Admission admission_;
  std::uint64_t last_uid_ = 0;
  std::uint64_t last_page_ = 0;
  std::map<std::string, Pages> pages_;
};

}  // namespace nbkeys::fakes
