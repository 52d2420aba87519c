#pragma once
// A watch of SetupKeys for a command that has nothing else to do: hands each change to a function
// until that is satisfied or the time is over.

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "kube/setup_key.h"
#include "plugin/link.h"

namespace nbkeys::plugin {

struct Change {
  bool deleted = false;
  kube::SetupKey resource;
};

enum class Ended { kSatisfied, kTimedOut, kClosed };

struct WatchPlan {
  std::string name_space;  // empty: all
  std::string name;        // empty: all
  std::string resource_version;
  base::Duration timeout{0};
};

// `satisfied` is called in the caller's thread. kClosed: the server ended the stream, which it does
// now and then; list and watch again. An Error where it refuses or cannot be reached.
base::Result<Ended> watch_setup_keys(Link& kube, const WatchPlan& plan,
                                     const std::function<bool(const Change&)>& satisfied);

}  // namespace nbkeys::plugin
