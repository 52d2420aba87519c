// Each checker must fail on a history that breaks its promise, and only there.

#include <gtest/gtest.h>

#include "base/hash.h"
#include "sim/checker.h"
#include "sim/world.h"

namespace nbkeys::sim {
namespace {

constexpr char kUid[] = "0b7b2b5e-0000-4000-8000-000000000001";
constexpr char kPlain[] = "A616097E-FCF0-48FA-9354-CA4A61142761";

class CheckersTest : public testing::Test {
 protected:
  std::string mark(int revision) const {
    return "key [k8s-" + owner_of_uid(kUid) + "-r" + std::to_string(revision) + "]";
  }

  io::HttpRequest request(io::Server server, io::Method method, const std::string& path,
                          const Json& body = nullptr) const {
    io::HttpRequest out;
    out.server = server;
    out.method = method;
    out.path = path;
    if (!body.is_null()) out.body = base::SecretText(body.dump());
    return out;
  }

  void send(const io::HttpRequest& what) { checks.sent({at, 0, what, at.wall}); }

  void serve(const io::HttpRequest& what, const Json& answer) {
    io::HttpResponse response;
    response.status = 200;
    response.body = base::SecretText(answer.dump());
    checks.applied({at, 0, what, at.wall}, response);
  }

  void store(int by, const std::string& resource, const Json& object) {
    auto next = std::make_shared<const Json>(object);
    checks.storing(at, by, resource, stored[resource], next);
    stored[resource] = next;
  }

  void store_setup_key(const Json& spec = Json::object(), const Json& status = nullptr) {
    Json object = {{"metadata", {{"name", "fleet"}, {"namespace", "team"}, {"uid", kUid}}},
                   {"spec", spec}};
    if (!status.is_null()) object["status"] = status;
    store(0, "setupkeys", object);
  }

  void store_secret(int by, const std::string& owner, const std::string& plain) {
    store(by, "secrets",
          {{"metadata",
            {{"name", "fleet"},
             {"namespace", "team"},
             {"labels", {{"keys.netbird.io/setupkey-uid", owner}}}}},
           {"data", {{"setup-key", std::string(base::base64_encode(plain).reveal())}}}});
  }

  void issue(int revision = 1, const std::string& id = "k1", const std::string& plain = kPlain) {
    const auto post = request(io::Server::kNetBird, io::Method::kPost, "/api/setup-keys",
                              {{"name", mark(revision)}});
    send(post);
    serve(post, {{"id", id}, {"key", plain}, {"name", mark(revision)}});
  }

  // The first of two keys is deleted, although status keeps it until then.
  void issue_with_overlap(const std::string& until) {
    store_setup_key();
    issue(1);
    issue(2, "k2", "B616097E-FCF0-48FA-9354-CA4A61142762");
    store_setup_key({{"revisionHistoryLimit", 3}},
                    {{"keyID", "k2"}, {"previousKeys", {{{"keyID", "k1"}, {"retireAt", until}}}}});
    auto removal = request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k1");
    removal.operation = "delete_key";
    send(removal);
  }

  std::string found() const {
    std::string out;
    for (const Finding& finding : checks.findings()) out += finding.checker + " ";
    return out;
  }

  base::Now at{base::Instant{base::Duration{1'000}}, base::WallTime{base::Duration{1'000}}};
  Checks checks;
  std::map<std::string, fakes::Object> stored;
};

TEST_F(CheckersTest, AGoodHistoryPasses) {
  store_setup_key();
  issue(1);
  store_secret(0, kUid, kPlain);
  issue(2, "k2", "B616097E-FCF0-48FA-9354-CA4A61142762");
  store_secret(0, kUid, "B616097E-FCF0-48FA-9354-CA4A61142762");
  serve(request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k1"), Json::object());
  EXPECT_EQ(found(), "");
}

TEST_F(CheckersTest, ARevisionAskedForTwice) {
  store_setup_key();
  issue(1);
  issue(1);
  EXPECT_EQ(found(), "revisions ");
}

TEST_F(CheckersTest, AKeyOnBehalfOfNobody) {
  issue(1);
  EXPECT_EQ(found(), "revisions ");
}

TEST_F(CheckersTest, TheKeyInTheSecretIsDeleted) {
  store_setup_key();
  issue(1);
  store_secret(0, kUid, kPlain);
  serve(request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k1"), Json::object());
  EXPECT_EQ(found(), "keys ");
}

TEST_F(CheckersTest, TheKeyInTheSecretIsRevokedUnasked) {
  store_setup_key();
  issue(1);
  store_secret(0, kUid, kPlain);
  serve(request(io::Server::kNetBird, io::Method::kPut, "/api/setup-keys/k1",
                {{"revoked", true}, {"auto_groups", Json::array()}}),
        Json::object());
  EXPECT_EQ(found(), "keys ");
}

TEST_F(CheckersTest, ARevocationThatTheSpecAsksForIsFine) {
  store_setup_key({{"revoked", true}});
  issue(1);
  store_secret(0, kUid, kPlain);
  serve(request(io::Server::kNetBird, io::Method::kPut, "/api/setup-keys/k1",
                {{"revoked", true}, {"auto_groups", Json::array()}}),
        Json::object());
  EXPECT_EQ(found(), "");
}

TEST_F(CheckersTest, APreviousKeyGoesBeforeItsTime) {
  issue_with_overlap("2026-01-01T01:00:00Z");
  EXPECT_EQ(found(), "overlap ");
}

TEST_F(CheckersTest, APreviousKeyGoesInTime) {
  issue_with_overlap("1970-01-01T00:00:00Z");
  EXPECT_EQ(found(), "");
}

TEST_F(CheckersTest, TheKeyInUseIsForgotten) {
  store_setup_key();
  issue(1);
  issue(2, "k2", "B616097E-FCF0-48FA-9354-CA4A61142762");
  store_setup_key(Json::object(), {{"keyID", "k1"}});
  store_setup_key(Json::object(), {{"keyID", "k2"}});
  EXPECT_EQ(found(), "overlap ");
}

TEST_F(CheckersTest, AForeignKeyIsTouched) {
  const auto post =
      request(io::Server::kNetBird, io::Method::kPost, "/api/setup-keys", {{"name", "somebody's"}});
  io::HttpResponse response;
  response.status = 200;
  response.body = base::SecretText(std::string(
      R"({"id":"k9","key":"C616097E-FCF0-48FA-9354-CA4A61142763","name":"somebody's"})"));
  checks.applied({at, kPerson, post, at.wall}, response);
  serve(request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k9"), Json::object());
  EXPECT_EQ(found(), "keys ");
}

TEST_F(CheckersTest, AKeyIsMadeInAnotherAccountThanItsOwn) {
  store_setup_key(Json::object(), {{"account", {{"id", "a1"}}}});
  const auto post =
      request(io::Server::kNetBird, io::Method::kPost, "/api/setup-keys", {{"name", mark(1)}});
  io::HttpResponse response;
  response.status = 200;
  response.body = base::SecretText(Json{{"id", "k1"}, {"key", kPlain}, {"name", mark(1)}}.dump());
  checks.applied({at, 0, post, at.wall, "a1"}, response);
  EXPECT_EQ(found(), "");
  const auto removal = request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k1");
  checks.applied({at, 0, removal, at.wall, "a2"}, response);
  EXPECT_EQ(found(), "account ");
}

TEST_F(CheckersTest, AForeignSecretIsWritten) {
  store_setup_key();
  issue(1);
  store_secret(kPerson, "", "not yours");
  store_secret(0, kUid, kPlain);
  EXPECT_EQ(found(), "secrets ");
}

TEST_F(CheckersTest, ADeletedKeyComesIntoTheSecret) {
  store_setup_key();
  issue(1);
  serve(request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k1"), Json::object());
  store_secret(0, kUid, kPlain);
  EXPECT_EQ(found(), "secrets ");
}

TEST_F(CheckersTest, ReadyWithAKeyThatNeverWas) {
  store_setup_key();
  const Json ready = {{{"type", "Ready"}, {"status", "True"}, {"reason", "Issued"}}};
  store_setup_key(Json::object(), {{"keyID", "k7"}, {"conditions", ready}});
  EXPECT_EQ(found(), "ready ");
}

// Set back with the state of which it was a part, it asks for nothing.
TEST_F(CheckersTest, ARotationThatWasPutBackIsNotAskedForAnew) {
  const auto with = [](const std::string& rotate, const std::string& handled) {
    return Json{{"metadata",
                 {{"name", "fleet"},
                  {"namespace", "team"},
                  {"uid", kUid},
                  {"annotations", {{"keys.netbird.io/rotate", rotate}}}}},
                {"status", {{"lastHandledRotate", handled}}}};
  };
  const auto asked = [this] { return checks.ledger().setup_key(kUid)->rotate_asked; };
  store_setup_key(Json::object(), {{"lastHandledRotate", ""}});
  store(kPerson, "setupkeys", with("one", ""));
  const base::Instant first = at.mono;
  EXPECT_EQ(asked(), first);
  store(0, "setupkeys", with("one", "one"));
  at.mono = at.mono + base::Duration{60'000};
  store(kPerson, "setupkeys", with("two", "one"));
  EXPECT_EQ(asked(), at.mono);
  store(0, "setupkeys", with("two", "two"));
  at.mono = at.mono + base::Duration{60'000};
  store(kPerson, "setupkeys", with("one", "one"));
  EXPECT_EQ(asked(), first) << "the state was put back";
  store(kPerson, "setupkeys", with("two", "one"));
  EXPECT_EQ(asked(), at.mono) << "whoever asks again asks now";
}

// However clocks are set, a wait lasts its own length, and no longer.
TEST_F(CheckersTest, AnOverlapIsDueByTheTimeThatPasses) {
  const auto excused = [this](std::int64_t minutes) {
    base::Now now = at;
    now.mono = now.mono + base::Duration{minutes * 60'000};
    now.wall = now.wall + base::Duration{30L * 86'400'000};  // a clock that was far behind
    return !with_dates(checks.ledger(), now, base::Duration{3'600'000}).empty();
  };
  store_setup_key(Json::object(),
                  {{"lastRotationTime", "1970-01-01T00:00:00Z"},
                   {"previousKeys", {{{"keyID", "k1"}, {"retireAt", "1970-01-01T02:00:00Z"}}}}});
  EXPECT_TRUE(excused(5));
  EXPECT_TRUE(excused(110));
  EXPECT_FALSE(excused(140)) << "that is over, and whoever writes now is wrong";
}

TEST_F(CheckersTest, AKeyInALogLine) {
  store_setup_key();
  issue(1);
  checks.noted(std::string("INFO issued ") + kPlain);
  EXPECT_EQ(found(), "leaks ");
}

TEST_F(CheckersTest, AKeyInBase64InAStatus) {
  store_setup_key();
  issue(1);
  send(request(io::Server::kKube, io::Method::kPatch, "/apis/x/setupkeys/fleet/status",
               {{"status", std::string(base::base64_encode(kPlain).reveal())}}));
  EXPECT_EQ(found(), "leaks ");
}

TEST_F(CheckersTest, TheFiveCharactersThatAStatusShowsAreNone) {
  store_setup_key();
  issue(1);
  checks.noted("INFO issued " + std::string(kPlain).substr(0, 5) + "****");
  EXPECT_EQ(found(), "");
}

TEST_F(CheckersTest, AKeyOfACopyIsNotOursToEnd) {
  store_setup_key();
  const auto post =
      request(io::Server::kNetBird, io::Method::kPost, "/api/setup-keys", {{"name", mark(1)}});
  io::HttpResponse response;
  response.status = 200;
  response.body = base::SecretText(Json{{"id", "k1"}, {"key", kPlain}, {"name", mark(1)}}.dump());
  checks.applied({at, kPerson, post, at.wall}, response);
  issue(1, "k2", "B616097E-FCF0-48FA-9354-CA4A61142762");
  EXPECT_EQ(found(), "") << "it takes no number from ours";
  serve(request(io::Server::kNetBird, io::Method::kDelete, "/api/setup-keys/k1"), Json::object());
  EXPECT_EQ(found(), "keys ");
}

TEST_F(CheckersTest, AReadFromACache) {
  send(request(io::Server::kKube, io::Method::kGet, "/api/v1/secrets?resourceVersion=0"));
  EXPECT_EQ(found(), "reads ");
}

// With the same number and another ticket it is another claim, of a state that was put back.
TEST_F(CheckersTest, ARevisionIsMadeTwiceOnlyWithTheSameTicket) {
  store_setup_key();
  const std::string owner = " [k8s-" + owner_of_uid(kUid) + "-r1]";
  const auto make = [&](const std::string& ticket, const std::string& id) {
    const auto post = request(io::Server::kNetBird, io::Method::kPost, "/api/setup-keys",
                              {{"name", "key ~" + ticket + owner}});
    serve(post, {{"id", id}, {"key", kPlain + id}, {"name", "key ~" + ticket + owner}});
  };
  make("aaaaaaaa", "k1");
  make("bbbbbbbb", "k2");
  EXPECT_EQ(found(), "");
  make("aaaaaaaa", "k3");
  EXPECT_EQ(found(), "revisions ");
}

TEST(Marks, AreReadStrictly) {
  EXPECT_EQ(mark_in("a ~abcdefg7 [k8s-0123456789abcdef-r12]")->ticket, "abcdefg7");
  EXPECT_EQ(mark_in("abcdefg7 [k8s-0123456789abcdef-r12]")->ticket, "");
  EXPECT_EQ(mark_in("a [k8s-0123456789abcdef-r12]")->revision, 12u);
  EXPECT_FALSE(mark_in("a [k8s-0123456789abcde-r12]"));
  EXPECT_FALSE(mark_in("a [k8s-0123456789abcdef-r12] b"));
  EXPECT_FALSE(mark_in("a [k8s-0123456789abcdef-rx]"));
  EXPECT_FALSE(mark_in("plain"));
}

}  // namespace
}  // namespace nbkeys::sim
