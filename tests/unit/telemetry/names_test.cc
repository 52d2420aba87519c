// names.h against what the sources say: nothing is told under a name that is not on the lists, and
// nothing is on them that is never told.

#include "telemetry/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "engine/rotate.h"
#include "engine/tell.h"
#include "status/report.h"

namespace nbkeys::telemetry {
namespace {

namespace fs = std::filesystem;

std::string sources(std::initializer_list<const char*> folders) {
  std::ostringstream out;
  for (const char* folder : folders) {
    for (const auto& entry : fs::directory_iterator(fs::path(NBKEYS_SOURCES) / "src" / folder)) {
      if (entry.path().extension() == ".cc") out << std::ifstream(entry.path()).rdbuf() << "\n";
    }
  }
  return out.str();
}

std::set<std::string> found(const std::string& text, const std::string& pattern) {
  std::set<std::string> out;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    out.insert((*it)[1]);
  }
  return out;
}

std::set<std::string> event_reasons() {
  std::set<std::string> out;
  for (const EventWord& event : kEvents) out.emplace(event.reason);
  return out;
}

TEST(Names, LogEventsOfTheCoreAreTheListedOnes) {
  const auto told = found(sources({"engine", "kube", "netbird"}),
                          R"re(\.note\([^;]*?io::Severity::k\w+,\s*"([a-z_]+)")re");
  EXPECT_GE(told.size(), 10u) << "the pattern finds the calls no more";
  std::set<std::string> listed(kLogEvents.begin(), kLogEvents.end());
  for (const std::string& event : told) EXPECT_TRUE(listed.contains(event)) << event;
  const std::set<Word> of_the_shell = {
      kStarting,      kExiting,       kConfiguration,        kRequest,
      kTokenReloaded, kTokenUnusable, kCertificatesReloaded, kCertificatesUnusable};
  for (const Word event : kLogEvents) {
    EXPECT_TRUE(of_the_shell.contains(event) || told.contains(std::string(event)))
        << event << " is told by nobody";
  }
}

TEST(Names, TheShellTakesItsLogEventsFromTheList) {
  const auto literals = found(sources({"shell", "telemetry"}),
                              R"re(write\([^;]*?io::Severity::k\w+,\s*"([a-z_]+)")re");
  EXPECT_TRUE(literals.empty()) << *literals.begin();
}

TEST(Names, EventReasonsAreTheListedOnes) {
  const std::string engine = sources({"engine"});
  auto told = found(engine, R"re(kube::Event\{\s*(?:true|false),\s*"(\w+)")re");
  told.merge(found(engine, R"re(event\((?:true|false), "(\w+)")re"));
  told.merge(found(engine, R"re(\? "(Issued)" : "Rotated")re"));
  told.merge(found(engine, R"re(\? "Issued" : "(Rotated)")re"));
  // What decision.cc tells by the name of a condition's reason.
  const auto enumerators = found(engine, R"re(case Reason::k(\w+):)re");
  for (const std::string& name : enumerators) {
    const std::string reason = name == "ApiError" ? "APIError" : name;
    if (event_reasons().contains(reason)) told.insert(reason);
  }
  EXPECT_EQ(told, event_reasons());
}

TEST(Names, EachEventHasItsOwnLogEvent) {
  std::set<Word> names(kLogEvents.begin(), kLogEvents.end());
  for (const EventWord& event : kEvents) {
    EXPECT_EQ(engine::log_event_of(event.reason), event.log_event) << event.reason;
    EXPECT_TRUE(names.insert(event.log_event).second) << event.log_event << " means two things";
  }
}

TEST(Names, OperationsAreThoseOfTheRequests) {
  auto told = found(sources({"kube", "netbird"}),
                    R"re(request\((?:io::Method::k\w+|method),[^;]*?"([a-z]+_[a-z_]+)"\)[;,])re");
  // Those of a conditional.
  told.merge(found(sources({"kube", "netbird"}), R"re(\? "([a-z_]+)" : "[a-z_]+"\))re"));
  told.merge(found(sources({"kube", "netbird"}), R"re(\? "[a-z_]+" : "([a-z_]+)"\))re"));
  told.insert("watch");  // the runner of watches
  EXPECT_EQ(told, std::set<std::string>(kOperations.begin(), kOperations.end()));
}

TEST(Names, ReadyAndIssueReasonsAreThoseOfTheCore) {
  std::set<std::string> ready;
  for (int i = 0; i <= static_cast<int>(status::Reason::kNoKey); ++i) {
    ready.emplace(status::reason_name(static_cast<status::Reason>(i)));
  }
  for (const char* of_others : {"Valid", "NoKey", "UnknownOrigin", "SecondInstallation"}) {
    EXPECT_EQ(ready.erase(of_others), 1u);
  }
  EXPECT_EQ(ready, std::set<std::string>(kReadyReasons.begin(), kReadyReasons.end()));
  std::set<std::string> issue;
  for (int i = 0; i <= static_cast<int>(engine::IssueReason::kOverused); ++i) {
    issue.emplace(engine::reason_name(static_cast<engine::IssueReason>(i)));
  }
  EXPECT_EQ(issue, std::set<std::string>(kIssueReasons.begin(), kIssueReasons.end()));
}

}  // namespace
}  // namespace nbkeys::telemetry
