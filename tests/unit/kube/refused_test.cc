#include "kube/refused.h"

#include <gtest/gtest.h>

#include <set>

namespace nbkeys::kube {
namespace {

TEST(Refused, EntriesFitNamesPairsAndDomains) {
  EXPECT_TRUE(entry_fits("grafana_dashboard", "grafana_dashboard", "1"));
  EXPECT_FALSE(entry_fits("grafana_dashboard", "grafana_dashboards", "1"));
  EXPECT_TRUE(entry_fits("timoni.", "timoni.web", ""));
  EXPECT_FALSE(entry_fits("timoni.", "timonix", ""));
  EXPECT_TRUE(entry_fits("owner=helm", "owner", "helm"));
  EXPECT_FALSE(entry_fits("owner=helm", "owner", "helmut"));
  EXPECT_FALSE(entry_fits("owner=helm", "owner=helm", ""));
  EXPECT_TRUE(entry_fits("empty=", "empty", ""));
  EXPECT_TRUE(entry_fits("cattle.io/", "cattle.io/os", ""));
  EXPECT_TRUE(entry_fits("cattle.io/", "rke.cattle.io/machine-plan", ""));
  EXPECT_TRUE(entry_fits("cattle.io/", "fleet.cattle.io/bundle-deployment/v1alpha1", ""));
  EXPECT_FALSE(entry_fits("cattle.io/", "notcattle.io/os", ""));
  EXPECT_FALSE(entry_fits("cattle.io/", "cattle.io", ""));
  EXPECT_FALSE(entry_fits("cattle.io/", "cattle.io.example.com/os", ""));
}

TEST(Refused, CountsForThePartsThatAreReadOnly) {
  EXPECT_TRUE(why_refused(Part::kLabel, "owner", "helm"));
  EXPECT_FALSE(why_refused(Part::kAnnotation, "owner", "helm"));
  EXPECT_TRUE(why_refused(Part::kType, "helm.sh/release.v1", ""));
  EXPECT_TRUE(why_refused(Part::kName, "sh.helm.release.v1.web.v1", ""));
  EXPECT_FALSE(why_refused(Part::kLabel, "helm.sh/chart", "web-1.0")) << "every chart sets it";
}

TEST(Refused, WhatIsAskedForDailyMayStand) {
  for (const char* name :
       {"app.kubernetes.io/name", "app.kubernetes.io/instance", "owner", "team"}) {
    EXPECT_FALSE(why_refused(Part::kLabel, name, "web")) << name;
  }
  for (const char* name : {"reloader.stakater.com/match", "argocd.argoproj.io/compare-options",
                           "reconcile.fluxcd.io/watch"}) {
    EXPECT_FALSE(why_refused(Part::kAnnotation, name, "true")) << name;
  }
  for (const char* name : {"Opaque", "kubernetes.io/basic-auth", "example.com/netbird", ""}) {
    EXPECT_FALSE(why_refused(Part::kType, name, "")) << name;
  }
}

TEST(Refused, EachEntryIsSoundOnceAndHasItsReason) {
  std::set<std::string_view> seen;
  for (const Refusal& each : refusals()) {
    EXPECT_TRUE(seen.insert(each.entry).second) << each.entry;
    EXPECT_TRUE(is_entry(each.entry)) << each.entry;
    EXPECT_NE(each.parts, 0u) << each.entry;
    EXPECT_FALSE(each.why.empty()) << each.entry;
    EXPECT_EQ(each.entry.find('\''), std::string_view::npos) << "it goes into CEL in quotes";
    // The condition's message is a sentence that holds both, of less than 200 characters.
    EXPECT_LE(each.entry.size() + each.why.size(), 95u) << each.entry;
  }
}

TEST(Refused, AnInstallationAddsItsOwn) {
  const std::vector<std::string> also = {"example.com/", "tier=gold"};
  for (const Part part : {Part::kLabel, Part::kAnnotation, Part::kType}) {
    EXPECT_EQ(why_refused(part, "sub.example.com/x", "", also),
              "example.com/: this installation refuses it");
  }
  EXPECT_TRUE(why_refused(Part::kLabel, "tier", "gold", also));
  EXPECT_FALSE(why_refused(Part::kLabel, "tier", "silver", also));
}

TEST(Refused, AnEntryThatCouldNeverFitIsNone) {
  for (const char* text : {"team", "team=a", "team=", "example.com/", "example.com/name"}) {
    EXPECT_TRUE(is_entry(text)) << text;
  }
  for (const char* text : {"", "/", "=x", "a b", "example.com/*", "ü"}) {
    EXPECT_FALSE(is_entry(text)) << text;
  }
  EXPECT_FALSE(is_entry(std::string(401, 'a')));
}

}  // namespace
}  // namespace nbkeys::kube
