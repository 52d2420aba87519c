#include "sim/checker.h"

namespace nbkeys::sim {

Checks::Checks() {
  for (const auto make :
       {make_revisions_checker, make_keys_checker, make_account_checker, make_secrets_checker,
        make_overlap_checker, make_ready_checker, make_leak_checker, make_reads_checker}) {
    checkers_.push_back(make(ledger_, findings_));
  }
}

void Checks::sent(const Act& act) {
  for (const auto& checker : checkers_) checker->sent(act);
}

void Checks::applied(const Act& act, const io::HttpResponse& response) {
  for (const auto& checker : checkers_) checker->applied(act, response);
  if (act.request.server == io::Server::kNetBird) ledger_.netbird_answered(act, response);
}

void Checks::storing(base::Now at, int by, const std::string& resource, const fakes::Object& before,
                     const fakes::Object& after) {
  for (const auto& checker : checkers_) checker->storing(at, by, resource, before, after);
  ledger_.object_changed(at, by, resource, before, after);
}

void Checks::noted(const std::string& line) {
  for (const auto& checker : checkers_) checker->noted(line);
}

}  // namespace nbkeys::sim
