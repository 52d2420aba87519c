#include <gtest/gtest.h>

#include "world_fixture.h"

namespace nbkeys::engine {
namespace {

using testing::answer;
using testing::kKey;
using testing::lost;
using testing::netbird_key_text;
using testing::secret_text;
using testing::setup_key_text;
using AnswerTest = testing::WorldTest;

TEST_F(AnswerTest, AWrittenStatusIsKnownAtOnce) {
  kube::KeyStatus wanted;
  wanted.revision = 3;
  const std::string kept = setup_key_text(11, R"({"revision": 3})");
  EXPECT_TRUE(answered(WriteStatus{wanted}, answer(200, kept)).done);
  EXPECT_EQ(resource()->status.revision, 3u);
  EXPECT_FALSE(flight().needs_refresh);
}

TEST_F(AnswerTest, AStaleOrUnknownWriteMeansLookAgain) {
  for (const int status : {409, 404, 500, 0}) {
    flight() = Flight{};
    const Effect effect = answered(WriteStatus{}, status == 0 ? lost() : answer(status));
    EXPECT_FALSE(effect.done);
    EXPECT_TRUE(effect.failed) << status;
    EXPECT_TRUE(flight().needs_refresh) << status;
    EXPECT_EQ(flight().troubles.hold(WriteStatus{}, now.mono).has_value(), status != 409)
        << status << ": that somebody was faster is no reason to wait";
  }
  answered(WriteStatus{}, answer(409));
  answered(WriteStatus{}, answer(409));
  EXPECT_TRUE(flight().troubles.hold(WriteStatus{}, now.mono)) << "again and again is one";
}

// A server that lags, or one whose state was put back: asked without pause it would say the same.
TEST_F(AnswerTest, ALiveReadThatIsOlderThanWhatWasKnownIsADoubtAndNotBelieved) {
  flight().needs_refresh = true;
  const Effect effect =
      answered(ReadSetupKey{}, answer(200, setup_key_text(9, "{}", "an earlier one's uid")));
  EXPECT_TRUE(effect.behind);
  EXPECT_FALSE(effect.done);
  EXPECT_FALSE(effect.failed) << "it is not this SetupKey's trouble";
  EXPECT_EQ(resource()->meta.resource_version, "10");
  EXPECT_TRUE(flight().needs_refresh);
  EXPECT_TRUE(flight().troubles.hold(ReadSetupKey{}, now.mono));
}

TEST_F(AnswerTest, AnAnswerThatTheWatchHasOvertakenIsNoDoubt) {
  const Pending asked = pending(ReadSetupKey{});
  store(setup_key_text(12));
  flight().needs_refresh = true;
  const Effect effect = apply_answer(asked, answer(200, setup_key_text(11)), now, world, out);
  EXPECT_TRUE(effect.done);
  EXPECT_FALSE(effect.behind);
  EXPECT_EQ(resource()->meta.resource_version, "12");
}

TEST_F(AnswerTest, ASecretThatIsOlderThanWhatWasKnownIsADoubt) {
  world.secrets.upsert(*kube::parse_secret_meta(testing::json(secret_text(60, 2))));
  EXPECT_TRUE(answered(ReadSecret{}, answer(200, secret_text(50, 1))).behind);
  EXPECT_EQ(world.secrets.find(ref)->resource_version, "60");
  EXPECT_TRUE(flight().troubles.hold(ReadSecret{}, now.mono));
  flight() = Flight{};
  world.secrets.erase(ref, "70");
  EXPECT_TRUE(answered(LookForSecret{}, answer(200, secret_text(50, 1))).behind)
      << "it was seen to end";
  EXPECT_TRUE(flight().troubles.hold(LookForSecret{}, now.mono));
}

TEST_F(AnswerTest, AnAnswerOfAHistoryThatIsNoMoreTellsNothing) {
  for (const Action& action :
       {Action(WriteStatus{}), Action(ReadSetupKey{}), Action(Claim{4, {}, ""}),
        Action(LookForSecret{}), Action(WriteSecret{})}) {
    Pending asked = pending(action);
    asked.same_history = false;
    const bool secret = std::holds_alternative<LookForSecret>(action) ||
                        std::holds_alternative<WriteSecret>(action);
    const Effect effect = apply_answer(
        asked, answer(200, secret ? secret_text(90, 4) : setup_key_text(90)), now, world, out);
    EXPECT_FALSE(effect.done);
    EXPECT_EQ(resource()->meta.resource_version, "10");
    EXPECT_EQ(world.secrets.find(ref), nullptr);
    EXPECT_EQ(flight().claimed, 0u);
  }
  Pending asked = pending(CreateKey{4, "default"});
  asked.same_history = false;
  apply_answer(asked, answer(200, netbird_key_text("id4", 4, kKey)), now, world, out);
  EXPECT_TRUE(flight().held) << "NetBird's history goes on";
}

TEST_F(AnswerTest, ARefusedWriteChangedNothingAndBacksOff) {
  for (const int status : {400, 403, 413, 422}) {
    flight() = Flight{};
    answered(WriteStatus{}, answer(status));
    EXPECT_FALSE(flight().needs_refresh) << status;
    EXPECT_TRUE(flight().troubles.hold(WriteStatus{}, now.mono)) << status;
    EXPECT_FALSE(flight().troubles.hold(WriteSecret{}, now.mono)) << "each kind on its own";
  }
  answered(ReadSetupKey{}, answer(200, setup_key_text(12)));
  EXPECT_TRUE(flight().troubles.hold(WriteStatus{}, now.mono)) << "a read says nothing of a write";
  answered(WriteStatus{}, answer(200, setup_key_text(13)));
  EXPECT_TRUE(flight().troubles.empty());
}

// An API server that leaves out a field would be written to without end, and a claim that is not
// there is nobody's.
TEST_F(AnswerTest, AStatusThatIsNotKeptAsItWasWrittenBacksOff) {
  kube::KeyStatus wanted;
  wanted.revision = 3;
  const Effect effect = answered(WriteStatus{wanted}, answer(200, setup_key_text(11)));
  EXPECT_FALSE(effect.done);
  EXPECT_TRUE(effect.failed);
  EXPECT_TRUE(flight().troubles.hold(WriteStatus{}, now.mono));
  flight() = Flight{};
  EXPECT_FALSE(answered(Claim{4, wanted, "default"}, answer(200, setup_key_text(12))).done);
  EXPECT_EQ(flight().claimed, 0u);
}

TEST_F(AnswerTest, OnlyAClaimThatSurelyIsOursMayBeUsed) {
  answered(Claim{4, {}, "default"}, lost());
  EXPECT_EQ(flight().claimed, 0u);
  EXPECT_TRUE(flight().needs_refresh);
  answered(Claim{4, {}, "default"}, answer(409));
  EXPECT_EQ(flight().claimed, 0u);
  answered(Claim{4, {}, "default"}, answer(200, setup_key_text(11)));
  EXPECT_EQ(flight().claimed, 4u);
}

TEST_F(AnswerTest, AClaimAnsweredAfterTheTermIsNotOurs) {
  answered(Claim{4, {}, "default"}, answer(200, setup_key_text(11)), /*same_term=*/false);
  EXPECT_EQ(flight().claimed, 0u);
  EXPECT_EQ(resource()->meta.resource_version, "11") << "the cache may learn from it";
}

TEST_F(AnswerTest, ACreatedKeyIsHeldAndInTheInventory) {
  const Effect effect =
      answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  EXPECT_TRUE(effect.done);
  ASSERT_TRUE(flight().held);
  EXPECT_EQ(flight().held->facts.revision, 4u);
  EXPECT_EQ(flight().held->facts.key_id, "id4");
  EXPECT_EQ(flight().held->facts.digest, base::sha256_hex(kKey));
  EXPECT_EQ(flight().held->plaintext.reveal(), kKey);
  EXPECT_EQ(world.account.inventory().keys_of(cache::owner_of(testing::kUid)).size(), 1u);
}

TEST_F(AnswerTest, ACreatedKeyIsNotHeldByWhoNoLongerLeads) {
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)),
           /*same_term=*/false);
  EXPECT_FALSE(flight().held);
}

TEST_F(AnswerTest, ACreatedKeyIsNotHeldForAnotherObjectOfTheSameName) {
  store(setup_key_text(20, "{}", "uid-2"));
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  EXPECT_FALSE(flight().held);
}

TEST_F(AnswerTest, APostRefusedForGoodMadeNoKey) {
  for (const int status : {400, 422}) {
    flight() = Flight{};
    sent(CreateKey{4, "default"}, flight(), now.mono);
    answered(CreateKey{4, "default"}, answer(status, R"({"message": "unknown group"})"));
    EXPECT_EQ(flight().claimed, 4u) << status << ": no revision is burnt";
    EXPECT_FALSE(flight().list_needed_since) << status;
    EXPECT_TRUE(flight().lost.empty()) << status;
    const Trouble* trouble = flight().troubles.with(CreateKey{4, "default"});
    ASSERT_NE(trouble, nullptr) << status;
    EXPECT_EQ(trouble->error.code, base::ErrorCode::kUnprocessable) << status;
  }
}

TEST_F(AnswerTest, APostRefusedForNowLeavesItsClaimUsable) {
  for (const int status : {404, 405, 409, 412}) {
    flight() = Flight{};
    sent(CreateKey{4, "default"}, flight(), now.mono);
    answered(CreateKey{4, "default"}, answer(status, R"({"message": "proxy"})"));
    const Trouble* trouble = flight().troubles.with(CreateKey{4, "default"});
    ASSERT_NE(trouble, nullptr) << status;
    EXPECT_NE(trouble->error.code, base::ErrorCode::kUnprocessable)
        << status << " is no fault of the spec";
    EXPECT_EQ(flight().claimed, 4u) << status << ": no revision is burnt";
    EXPECT_TRUE(flight().lost.empty()) << status;
    EXPECT_EQ(flight().list_needed_since.has_value(), status == 404) << status;
  }
}

// Found by the simulation: a key whose name came damaged was not filed under its mark, and outlived
// its SetupKey, which was deleted at that moment.
TEST_F(AnswerTest, AKeyWithoutItsMarkIsAnUnknownOutcome) {
  for (const std::uint32_t other : {5u, 12u}) {
    answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", other, kKey)));
    EXPECT_FALSE(flight().held);
    EXPECT_TRUE(flight().list_needed_since);
  }
}

TEST_F(AnswerTest, AnUnknownPostForcesANewerList) {
  for (const int status : {302, 500, 502, 0}) {
    flight() = Flight{};
    sent(CreateKey{4, "default"}, flight(), now.mono);
    answered(CreateKey{4, "default"}, status == 0 ? lost() : answer(status));
    EXPECT_EQ(flight().claimed, 0u) << status;
    EXPECT_EQ(flight().list_needed_since, now.mono) << status;
    EXPECT_FALSE(flight().held);
    ASSERT_EQ(flight().lost.size(), 1u) << status << ": it may be there, and nobody holds it";
    EXPECT_EQ(flight().lost[0].revision, 4u);
  }
  flight() = Flight{};
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4)));
  EXPECT_TRUE(flight().list_needed_since) << "a masked key is as good as none";
  EXPECT_FALSE(flight().held);
}

TEST_F(AnswerTest, ARevisionThatIsHeldIsNotLost) {
  sent(CreateKey{4, "default"}, flight(), now.mono);
  EXPECT_EQ(flight().lost.size(), 1u) << "until its answer is there";
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  EXPECT_TRUE(flight().lost.empty());
}

TEST_F(AnswerTest, OnlySoManyLostRevisionsAreKept) {
  for (std::uint32_t r = 1; r <= Flight::kLostMax + 5; ++r) {
    sent(CreateKey{r, "default"}, flight(), now.mono);
  }
  EXPECT_EQ(flight().lost.size(), Flight::kLostMax);
  EXPECT_EQ(flight().lost.back().revision, Flight::kLostMax + 5) << "the oldest go";
}

TEST_F(AnswerTest, ALostKeyThatIsFoundAndDeletedIsLookedForNoMore) {
  sent(CreateKey{4, "default"}, flight(), now.mono);
  sent(CreateKey{5, "default"}, flight(), now.mono);
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4)));  // unreadable
  world.account.inventory().replace(
      std::move(*netbird::parse_key_list("[" + netbird_key_text("id4", 4) + "]")).keys,
      {now.mono, now.wall});
  answered(DeleteKey{"id4", "default"}, answer(200));
  ASSERT_EQ(flight().lost.size(), 1u);
  EXPECT_EQ(flight().lost[0].revision, 5u);
}

TEST_F(AnswerTest, ACertainRefusalOfTheAccountNeedsNoList) {
  for (const int status : {401, 403, 429}) {
    flight() = Flight{};
    answered(CreateKey{4, "default"}, answer(status));
    EXPECT_FALSE(flight().list_needed_since) << status;
    EXPECT_EQ(flight().claimed, 4u) << status << ": the same claim is sent again";
    EXPECT_FALSE(world.account.ready());
  }
}

// A server that fails for one key's call alone would be asked for it again and again.
TEST_F(AnswerTest, TheAccountsTroubleIsTheKeysAsWellUnlessItIsOneOfTooManyCalls) {
  const Action remove = DeleteKey{"id4", "default"};
  answered(remove, answer(429));
  EXPECT_FALSE(flight().troubles.hold(remove, now.mono)) << "it goes out with the next permit";
  answered(remove, answer(401));
  EXPECT_TRUE(flight().troubles.hold(remove, now.mono));
  flight() = Flight{};
  answered(remove, base::Error{base::ErrorCode::kUnreachable, "send", "connection refused"});
  EXPECT_TRUE(flight().troubles.hold(remove, now.mono));
}

TEST_F(AnswerTest, ARefusedOrUnansweredWriteOfOneKeyDoesNotPauseTheAccount) {
  world.account.begin_term(now.mono);
  world.account.inventory().replace({}, {now.mono, now.wall});
  world.account.list_works(now.mono);
  ASSERT_TRUE(world.account.ready());
  for (const int status : {400, 403, 404, 405, 409, 412, 422, 500, 503, 0}) {
    flight() = Flight{};
    const Action revoke = RevokeKey{"id4", false, "default"};
    answered(revoke, status == 0 ? lost() : answer(status));
    EXPECT_NE(flight().troubles.with(revoke), nullptr) << status;
    EXPECT_FALSE(flight().troubles.hold(RevokeKey{"id5", false, "default"}, now.mono))
        << "each key on its own";
    EXPECT_TRUE(world.account.ready()) << status;
    EXPECT_FALSE(world.account.gate().paused(now.mono)) << status;
  }
}

TEST_F(AnswerTest, ADeletedKeyLeavesTheInventory) {
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  flight().proven_revision = 3;
  EXPECT_TRUE(answered(DeleteKey{"id4", "default"}, answer(200)).done);
  EXPECT_TRUE(world.account.inventory().keys_of(cache::owner_of(testing::kUid)).empty());
  EXPECT_EQ(flight().deleted_keys, (std::vector<std::string>{"id4"}));
  EXPECT_EQ(flight().proven_revision, 0u) << "one proof, one removal";
}

// NetBird answers 404 for a key that is gone, and to a token that is gone as well.
TEST_F(AnswerTest, ADeletionAnswered404IsNotBelievedWithoutANewerList) {
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  answered(DeleteKey{"id4", "default"}, answer(404));
  EXPECT_EQ(flight().list_needed_since, now.mono);
  EXPECT_TRUE(flight().deleted_keys.empty());
}

TEST_F(AnswerTest, AFailedDeletionKeepsTheKey) {
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  answered(DeleteKey{"id4", "default"}, lost());
  EXPECT_EQ(world.account.inventory().keys_of(cache::owner_of(testing::kUid)).size(), 1u);
  EXPECT_TRUE(flight().list_needed_since);
  EXPECT_TRUE(flight().deleted_keys.empty());
}

TEST_F(AnswerTest, AnUpdateRefusedBacksOff) {
  const Action update = UpdateGroups{"id4", "default"};
  answered(update, answer(422, R"({"message": "group All"})"));
  ASSERT_NE(flight().troubles.with(update), nullptr);
  EXPECT_NE(flight().troubles.with(update)->error.message.find("group All"), std::string::npos);
  EXPECT_TRUE(flight().troubles.hold(update, now.mono));
  answered(update, answer(200, netbird_key_text("id4", 4)));
  ASSERT_NE(flight().troubles.with(update), nullptr);
  EXPECT_EQ(flight().troubles.with(update)->error.message, "") << "nothing is wrong any more";
}

TEST_F(AnswerTest, WhatSomebodyUndoesAgainAndAgainBacksOffThoughItWorks) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(answered(RepairSecret{}, answer(200, secret_text(60 + i, 1))).done);
    EXPECT_TRUE(
        answered(UpdateGroups{"id4", "default"}, answer(200, netbird_key_text("id4", 4))).done);
    EXPECT_TRUE(
        answered(RestoreStatus{resource()->status, ""}, answer(200, setup_key_text(60 + i))).done);
  }
  EXPECT_TRUE(flight().troubles.hold(RestoreStatus{}, now.mono));
  EXPECT_TRUE(flight().troubles.hold(RepairSecret{}, now.mono));
  EXPECT_TRUE(flight().troubles.hold(UpdateGroups{"id4", "default"}, now.mono));
}

TEST_F(AnswerTest, LookingFindsAbsentOursAndForeign) {
  answered(LookForSecret{}, answer(404));
  EXPECT_EQ(observed().secret.state, SecretState::kAbsent);
  answered(LookForSecret{}, answer(200, secret_text(60, 1)));
  EXPECT_EQ(observed().secret.state, SecretState::kOurs);
  EXPECT_NE(world.secrets.find(ref), nullptr);
  world.secrets.erase(ref, "");
  answered(LookForSecret{}, answer(200, secret_text(61, 1, "")));
  EXPECT_EQ(observed().secret.state, SecretState::kOurs) << "label stripped, owner still there";
  EXPECT_EQ(world.secrets.find(ref), nullptr);
  answered(LookForSecret{}, answer(200, R"({"metadata":{"namespace":"ns","name":"fleet",
      "uid":"x","resourceVersion":"62"}})"));
  EXPECT_EQ(observed().secret.state, SecretState::kForeign);
}

TEST_F(AnswerTest, ALookThatFailsFindsNothing) {
  answered(LookForSecret{}, answer(403));
  EXPECT_EQ(observed().secret.state, SecretState::kUnknown);
  EXPECT_TRUE(flight().troubles.hold(LookForSecret{}, now.mono));
}

TEST_F(AnswerTest, ReadingProvesWhoseTurnItIs) {
  const std::string digest = base::sha256_hex(kKey);
  store(setup_key_text(11, R"({"revision": 1, "keyDigest": ")" + digest + "\"}"));
  const std::string good =
      std::string(R"({"setup-key": ")") + std::string(base::base64_encode(kKey).reveal()) + "\"}";
  answered(ReadSecret{}, answer(200, secret_text(60, 1, testing::kUid, good)));
  EXPECT_EQ(flight().proven_revision, 1u);
  EXPECT_EQ(observed().secret.content, ContentState::kRight);
  answered(ReadSecret{},
           answer(200, secret_text(61, 1, testing::kUid, R"({"setup-key": "QUJD"})")));
  EXPECT_EQ(observed().secret.content, ContentState::kKeyAltered);
  EXPECT_EQ(flight().proven_revision, 1u) << "whose turn it is, not what somebody made of it";
  answered(ReadSecret{}, answer(200, secret_text(62, 2, testing::kUid, good)));
  EXPECT_EQ(flight().proven_revision, 0u) << "another revision's turn";
  answered(ReadSecret{}, answer(200, secret_text(63, 1, testing::kUid, good)));
  answered(ReadSecret{}, lost());
  EXPECT_EQ(flight().proven_revision, 0u) << "a read that failed proves nothing";
}

TEST_F(AnswerTest, AWrittenSecretIsKnownRight) {
  answered(WriteSecret{}, answer(403));
  ASSERT_NE(flight().troubles.with(WriteSecret{}), nullptr);
  EXPECT_TRUE(answered(WriteSecret{}, answer(201, secret_text(60, 1))).done);
  EXPECT_EQ(observed().secret.content, ContentState::kRight);
  EXPECT_EQ(flight().troubles.with(WriteSecret{}), nullptr);
}

TEST_F(AnswerTest, AnUnknownSecretWriteMeansLookAgainWithTheKeyStillHeld) {
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  answered(LookForSecret{}, answer(404));
  for (const int status : {0, 409, 500}) {
    answered(WriteSecret{}, status == 0 ? lost() : answer(status));
    EXPECT_EQ(observed().secret.state, SecretState::kUnknown) << status;
    EXPECT_TRUE(flight().held);
  }
}

TEST_F(AnswerTest, ARefusedSecretWriteIsRemembered) {
  answered(LookForSecret{}, answer(404));
  answered(WriteSecret{}, answer(403, R"({"message": "no right"})"));
  const Trouble* trouble = flight().troubles.with(WriteSecret{});
  ASSERT_NE(trouble, nullptr);
  EXPECT_NE(trouble->error.message.find("no right"), std::string::npos);
  EXPECT_EQ(observed().secret.state, SecretState::kAbsent) << "what was refused changed nothing";
  answered(TryWritingSecret{}, answer(201));
  EXPECT_TRUE(flight().dry_run_passed);
  EXPECT_EQ(flight().troubles.with(WriteSecret{}), nullptr);
  answered(WriteSecret{}, answer(403));
  EXPECT_FALSE(flight().dry_run_passed);
}

TEST_F(AnswerTest, AWebhookThatKnowsNoDryRunsSaysNothingOfTheWrite) {
  const std::string told = R"({"message": "admission webhook \"x\" does not support dry run"})";
  answered(TryWritingSecret{}, answer(400, told));
  EXPECT_TRUE(flight().dry_run_passed);
  EXPECT_TRUE(flight().troubles.empty());
  answered(TryWritingSecret{}, answer(403, R"({"message": "exceeded quota"})"));
  EXPECT_FALSE(flight().dry_run_passed);
  EXPECT_TRUE(flight().troubles.hold(TryWritingSecret{}, now.mono));
}

TEST_F(AnswerTest, AResourceThatIsGoneIsForgotten) {
  answered(ReadSetupKey{}, answer(404));
  EXPECT_EQ(resource(), nullptr);
}

TEST_F(AnswerTest, ARefreshEndsTheNeedForOne) {
  flight().needs_refresh = true;
  answered(ReadSetupKey{}, answer(200, setup_key_text(12)));
  EXPECT_FALSE(flight().needs_refresh);
  flight().needs_refresh = true;
  answered(ReadSetupKey{}, answer(200, "<html>"));
  EXPECT_TRUE(flight().needs_refresh);
}

TEST_F(AnswerTest, AnotherObjectOfTheSameNameStartsAfresh) {
  flight().claimed = 4;
  answered(ReadSetupKey{}, answer(200, setup_key_text(20, "{}", "uid-2")));
  EXPECT_EQ(resource()->meta.uid, "uid-2");
  EXPECT_EQ(flight().claimed, 0u);
}

TEST_F(AnswerTest, NoNoteHoldsKeyMaterial) {
  answered(CreateKey{4, "default"}, answer(200, netbird_key_text("id4", 4, kKey)));
  answered(CreateKey{5, "default"}, answer(422, std::string(R"({"message": "x"})")));
  answered(WriteSecret{}, lost());
  for (const io::Command& command : out.take()) {
    const auto* note = std::get_if<io::Note>(&command);
    if (note == nullptr) continue;
    EXPECT_EQ(note->message.find(kKey), std::string::npos);
    for (const auto& field : note->fields) EXPECT_EQ(field.second.find(kKey), std::string::npos);
  }
}

}  // namespace
}  // namespace nbkeys::engine
