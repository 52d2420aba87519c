#include "kube/ticket.h"

#include <gtest/gtest.h>

namespace nbkeys::kube {
namespace {

const auto kNone = [](TicketWord) { return false; };

TicketWord word(std::uint64_t n) { return TicketWord::of(n); }

KeyStatus claimed(std::uint32_t revision, const std::string& ticket) {
  KeyStatus s;
  s.claim = Claim{revision, {}, "", "", ticket};
  s.last_revision = revision;
  enter_ticket(s, {revision, ticket}, kNone);
  return s;
}

TEST(OpenClaim, HasItsRevisionAndTicket) {
  EXPECT_EQ(open_claim(KeyStatus{}), Ticket{});
  EXPECT_EQ(open_claim(claimed(4, "abcdefgh")), (Ticket{4, "abcdefgh"}));
}

// A release before tickets changes the revision in the claim and does not know of the rest.
TEST(OpenClaim, ATicketThatAnEarlierReleaseLeftBehindIsNotItsOwn) {
  KeyStatus s = claimed(4, "abcdefgh");
  s.claim->revision = 5;
  EXPECT_EQ(open_claim(s), (Ticket{5, ""}));
}

TEST(CarriesClaim, TheTicketTellsNotTheRevision) {
  const KeyStatus s = claimed(4, "abcdefgh");
  SecretMeta secret;
  secret.revision = 4;
  secret.ticket = "abcdefgh";
  EXPECT_TRUE(carries_claim(secret, s));
  secret.ticket = "hgfedcba";
  EXPECT_FALSE(carries_claim(secret, s)) << "of a state that was put back";
  secret.ticket = "";
  EXPECT_TRUE(carries_claim(secret, s)) << "an earlier release wrote it";
  secret.revision = 3;
  EXPECT_FALSE(carries_claim(secret, s));
  EXPECT_FALSE(carries_claim(secret, KeyStatus{}));
}

TEST(CarriesClaim, AClaimOfAnEarlierReleaseGoesByTheRevision) {
  KeyStatus s;
  s.claim = Claim{4, {}, "", "", ""};
  SecretMeta secret;
  secret.revision = 4;
  secret.ticket = "abcdefgh";  // left behind by the patch of a release that does not know of it
  EXPECT_TRUE(carries_claim(secret, s));
}

TEST(LastWithoutTicket, IsTheLastRevisionBeforeTheFirstBook) {
  KeyStatus s;
  s.last_revision = 3;
  EXPECT_EQ(last_without_ticket(s), 3u);
  s.last_without_ticket = 3;
  s.last_revision = 4;
  enter_ticket(s, {4, word(1)}, kNone);
  EXPECT_EQ(last_without_ticket(s), 3u);
  s.last_revision = 6;
  EXPECT_EQ(last_without_ticket(s), 6u) << "a release before tickets has worked on it since";
}

TEST(Book, KeepsTheLastOnes) {
  KeyStatus s;
  for (std::uint32_t r = 1; r <= 40; ++r) enter_ticket(s, {r, word(r)}, kNone);
  ASSERT_EQ(s.tickets.size(), kBookMax);
  EXPECT_EQ(s.tickets.front().revision, 40 - kBookMax + 1);
  EXPECT_EQ(s.tickets.back().revision, 40u);
  enter_ticket(s, {40, word(40)}, kNone);
  EXPECT_EQ(s.tickets.size(), kBookMax) << "it is there already";
}

TEST(Book, KeepsWhatAListShowsForLonger) {
  KeyStatus s;
  const auto first = [](TicketWord ticket) { return ticket == word(1); };
  for (std::uint32_t r = 1; r <= 40; ++r) enter_ticket(s, {r, word(r)}, first);
  EXPECT_EQ(s.tickets.size(), kBookMax);
  EXPECT_EQ(s.tickets.front().revision, 1u);
  for (std::uint32_t r = 41; r <= 100; ++r) {
    enter_ticket(s, {r, word(r)}, [](TicketWord) { return true; });
    EXPECT_LE(s.tickets.size(), kBookNeededMax);
  }
}

}  // namespace
}  // namespace nbkeys::kube
