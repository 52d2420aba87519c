#include "plugin/verbs.h"

#include "shell/pool.h"
#include "shell/tls.h"

namespace nbkeys::plugin {

ExitCode run(const Request& request) {
  if (request.verb != Verb::kRender) {
    shell::disable_default_roots();
    shell::start_pool();
  }
  switch (request.verb) {
    case Verb::kStatus: return show_status(request);
    case Verb::kList: return list(request);
    case Verb::kRotate: return rotate(request);
    case Verb::kRevoke: return revoke(request);
    case Verb::kStrays: return strays(request);
    case Verb::kCheck: return check(request);
    case Verb::kRender: return render(request);
    case Verb::kAudit: return audit(request);
  }
  return ExitCode::kUsage;
}

}  // namespace nbkeys::plugin
