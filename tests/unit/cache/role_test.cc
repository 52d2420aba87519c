#include "cache/role.h"

#include <gtest/gtest.h>

namespace nbkeys::cache {
namespace {

class RoleTest : public ::testing::Test {
 protected:
  RoleTest() {
    kube::KeyStatus& s = owner.status;
    s.key_id = "used";
    s.revision = 3;
    s.last_revision = 4;
    s.previous_keys = {{"before", 2, {}}};
    s.tickets = {{3, "threethr"}, {4, "fourfour"}};
    s.last_without_ticket = 2;
  }
  KeyRole role(const std::string& id, std::uint32_t revision, const std::string& ticket) {
    return role_of(owner, remembered, {id, revision, ticket});
  }
  kube::SetupKey owner;
  std::vector<kube::Ticket> remembered;
};

TEST_F(RoleTest, WhatStatusRefersToIsKnownByItsId) {
  EXPECT_EQ(role("used", 9, "otherone"), KeyRole::kInUse);
  EXPECT_EQ(role("before", 9, ""), KeyRole::kPrevious);
}

TEST_F(RoleTest, AKnownTicketMakesAStray) {
  EXPECT_EQ(role("x", 4, "fourfour"), KeyRole::kStray);
  EXPECT_EQ(role("x", 4, "otherone"), KeyRole::kUnknownOrigin) << "a copy counts on as well";
  remembered = {{4, "otherone"}};
  EXPECT_EQ(role("x", 4, "otherone"), KeyRole::kStray);
}

TEST_F(RoleTest, OfTheOpenClaimItIsBeingIssued) {
  owner.status.claim = kube::Claim{4, {}, "", "", "fourfour"};
  EXPECT_EQ(role("x", 4, "fourfour"), KeyRole::kIssuing);
  EXPECT_EQ(role("x", 4, "otherone"), KeyRole::kUnknownOrigin);
  EXPECT_EQ(role("x", 3, "threethr"), KeyRole::kStray);
}

TEST_F(RoleTest, WithoutATicketTheRevisionDecides) {
  EXPECT_EQ(role("x", 2, ""), KeyRole::kStray);
  EXPECT_EQ(role("x", 3, ""), KeyRole::kUnknownOrigin) << "we give tickets since revision 3";
  owner.status.last_revision = 5;
  EXPECT_EQ(role("x", 5, ""), KeyRole::kStray) << "a release before tickets was at work";
  owner.status.claim = kube::Claim{5, {}, "", "", ""};
  EXPECT_EQ(role("x", 5, ""), KeyRole::kIssuing);
}

TEST_F(RoleTest, ASetupKeyFromBeforeTicketsKnowsItsKeysByTheirRevisions) {
  owner.status.tickets.clear();
  owner.status.last_without_ticket = 0;
  EXPECT_EQ(role("x", 4, ""), KeyRole::kStray);
  EXPECT_EQ(role("x", 5, ""), KeyRole::kUnknownOrigin);
  EXPECT_EQ(role("x", 4, "otherone"), KeyRole::kUnknownOrigin);
}

TEST_F(RoleTest, APersonsWordGivesAKeyUp) {
  owner.end_keys = {"x"};
  EXPECT_EQ(role("x", 9, "otherone"), KeyRole::kStray);
  EXPECT_EQ(role("y", 9, "otherone"), KeyRole::kUnknownOrigin);
  owner.end_keys = {"used"};
  EXPECT_EQ(role("used", 3, "threethr"), KeyRole::kInUse)
      << "the key in use is ended in other ways";
}

}  // namespace
}  // namespace nbkeys::cache
