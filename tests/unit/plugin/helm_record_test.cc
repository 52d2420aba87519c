#include "plugin/helm_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace nbkeys::plugin {
namespace {

TEST(HelmRecord, IsToldByNamespaceAndName) {
  const auto record = parse_helm_record("keys/sh.helm.release.v1.my.v2.nbkeys.v12");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->name_space, "keys");
  EXPECT_EQ(record->stem, "sh.helm.release.v1.my.v2.nbkeys.v");
  EXPECT_EQ(record->revision, 12u);
}

TEST(HelmRecord, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "/", "keys", "keys/", "sh.helm.release.v1.nbkeys.v1", "keys/nbkeys.v1",
        "keys/sh.helm.release.v1.nbkeys", "keys/sh.helm.release.v1.nbkeys.v",
        "keys/sh.helm.release.v1.nbkeys.v0", "keys/sh.helm.release.v1.nbkeys.v1x",
        "keys/sh.helm.release.v1.nbkeys.v99999999999", "keys/sh.helm.release.v1.v1",
        "keys/a/sh.helm.release.v1.nbkeys.v1", "/sh.helm.release.v1.nbkeys.v1",
        "keys/sh.helm.release.v1.n?x.v1"}) {
    EXPECT_FALSE(parse_helm_record(text)) << text;
  }
}

TEST(HelmRecord, TellsWhatHelmIsDoing) {
  const auto labelled = [](const char* owner, const char* status) {
    return base::Json{{"metadata", {{"labels", {{"owner", owner}, {"status", status}}}}}};
  };
  EXPECT_EQ(work_in(labelled("helm", "uninstalling")), HelmWork::kUninstalling);
  for (const char* status : {"deployed", "superseded", "failed", "pending-upgrade", ""}) {
    EXPECT_EQ(work_in(labelled("helm", status)), HelmWork::kReleased) << status;
  }
  EXPECT_EQ(work_in(labelled("somebody", "uninstalling")), HelmWork::kNone);
  EXPECT_EQ(work_in(base::Json::object()), HelmWork::kNone);
}

}  // namespace
}  // namespace nbkeys::plugin
