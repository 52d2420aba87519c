#pragma once
// What must hold at every moment, each promise in a class of its own. Checkers read requests and
// the ledger only.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/command.h"
#include "sim/ledger.h"

namespace nbkeys::sim {

struct Finding {
  std::string checker;
  std::string text;
};
using Findings = std::vector<Finding>;

class Checker {
 public:
  Checker(std::string name, const Ledger& ledger, Findings& findings)
      : ledger_(ledger), name_(std::move(name)), findings_(findings) {}
  virtual ~Checker() = default;

  // A request leaves an operator; it may or may not arrive.
  virtual void sent(const Act&) {}
  // A server has carried it out or refused it; the ledger does not know yet.
  virtual void applied(const Act&, const io::HttpResponse&) {}
  // An object is about to be stored; the ledger does not know yet.
  virtual void storing(base::Now, int, const std::string&, const fakes::Object&,
                       const fakes::Object&) {}
  virtual void noted(const std::string& line) { static_cast<void>(line); }

 protected:
  // The first breach tells most; what follows from it would drown it.
  void fail(std::string text) {
    if (!std::exchange(failed_, true)) findings_.push_back({name_, std::move(text)});
  }
  const Ledger& ledger_;

 private:
  std::string name_;
  Findings& findings_;
  bool failed_ = false;
};

std::unique_ptr<Checker> make_revisions_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_keys_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_account_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_overlap_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_secrets_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_ready_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_leak_checker(const Ledger& ledger, Findings& findings);
std::unique_ptr<Checker> make_reads_checker(const Ledger& ledger, Findings& findings);

// All of them and the ledger that they share.
class Checks {
 public:
  Checks();
  void sent(const Act& act);
  void applied(const Act& act, const io::HttpResponse& response);
  void storing(base::Now at, int by, const std::string& resource, const fakes::Object& before,
               const fakes::Object& after);
  void noted(const std::string& line);
  void report(std::string checker, std::string text) {
    findings_.push_back({std::move(checker), std::move(text)});
  }

  Ledger& ledger() { return ledger_; }
  const Findings& findings() const { return findings_; }

 private:
  Ledger ledger_;
  Findings findings_;
  std::vector<std::unique_ptr<Checker>> checkers_;
};

}  // namespace nbkeys::sim
