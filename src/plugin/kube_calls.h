#pragma once
// What the verbs ask of the Kubernetes API, with the caller's rights.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "kube/pages.h"
#include "kube/setup_key.h"
#include "plugin/link.h"

namespace nbkeys::plugin {

struct SetupKeys {
  std::vector<kube::SetupKey> items;
  std::string resource_version;  // of the list, to watch from
};

// A whole list, in pages that fit (kube::Pages). `begun` forgets what has been shown, because the
// list may have to begin anew. Returns the resourceVersion that it shows.
base::Result<std::string> each_listed(Link& kube, kube::Pages pages,
                                      const std::function<void()>& begun,
                                      const base::ElementVisitor& visit);

// In one namespace, or in all where it is empty; without what of a template only a write needs.
base::Result<SetupKeys> list_setup_keys(Link& kube, const std::string& name_space,
                                        const std::string& selector);
base::Result<kube::SetupKey> get_setup_key(Link& kube, const kube::ObjectRef& ref);

// A merge patch under the precondition of the UID, so that it never meets another object of the
// same name.
base::Result<kube::SetupKey> patch_setup_key(Link& kube, const kube::Meta& meta, base::Json patch);

base::Result<io::HttpResponse> get(Link& kube, const std::string& path, const std::string& step);
base::Result<base::Json> get_json(Link& kube, const std::string& path, const std::string& step);
base::Result<base::Json> post_json(Link& kube, const std::string& path, const base::Json& body,
                                   const std::string& step);

struct SeenEvent {
  base::WallTime at;
  bool warning = false;
  std::string reason, message;
  std::int64_t count = 1;
};
// The last `most` Events about the object, oldest first.
base::Result<std::vector<SeenEvent>> list_events(Link& kube, const kube::Meta& about,
                                                 std::size_t most);

}  // namespace nbkeys::plugin
