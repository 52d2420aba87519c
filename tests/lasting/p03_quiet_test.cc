// Quiet: one lasting fault costs little, is told once, and all is done soon after it ends.

#include <tuple>

#include "lasting/scene.h"

namespace nbkeys::lasting {
namespace {

using fakes::text_at;

constexpr char kRemoteWords[] = "the request was refused by a policy";
constexpr Duration kHealedAtMost{300'000};
// A pause of the account that is on when the edit comes is not cut short by it.
constexpr Duration kPauseAtMost{80'000};
// A request that was never answered is waited for until it cannot take effect any more.
constexpr Duration kUnknownAtMost{150'000};
constexpr Duration kAtOnce{10'000};

// A kind of write, or a read that a write waits for: how it comes to be due, and which it is.
struct Call {
  const char* name;
  const char* pattern;
  Json spec;
  void (*trigger)(Scene&);  // none: the first issue itself
  friend void PrintTo(const Call& call, std::ostream* out) { *out << call.name; }
};

const Json kPlain = Json::object();
const Json kGrouped = {{"autoGroups", {{{"name", "servers"}}}}};
const Json kShort = {{"rotation", {{"overlap", "1m"}}}};

const Call kCalls[] = {
    {"create_key", kPostKey, kPlain, nullptr},
    {"create_key_again", kPostKey, kPlain, [](Scene& s) { s.rotate("web"); }},
    {"update_groups", kPutKey, kGrouped,
     [](Scene& s) {
       s.edit("web", {{"autoGroups", {{{"name", "laptops"}}}}});
     }},
    {"revoke_key", kPutKey, kPlain,
     [](Scene& s) {
       s.edit("web", {{"revoked", true}});
     }},
    {"retire_key", kDeleteKey, kShort, [](Scene& s) { s.rotate("web"); }},
    {"delete_key", kDeleteKey, kPlain, [](Scene& s) { s.remove("web"); }},
    {"first_status", kPatchStatus, kPlain, nullptr},
    {"later_status", kPatchStatus, kPlain, [](Scene& s) { s.rotate("web"); }},
    {"add_finalizer", kPatchSetupKey, kPlain, nullptr},
    {"remove_finalizer", kPatchSetupKey, kPlain, [](Scene& s) { s.remove("web"); }},
    {"create_secret", kPostSecret, kPlain, nullptr},
    {"create_secret_again", kPostSecret, kPlain, [](Scene& s) { s.remove_secret("web"); }},
    {"patch_secret", kPatchSecret, kPlain, [](Scene& s) { s.rotate("web"); }},
    {"patch_template", kPatchSecret, kPlain,
     [](Scene& s) {
       s.edit("web", {{"secretTemplate", {{"labels", {{"team", "a"}}}}}});
     }},
    {"repair_secret", kPatchSecret, kPlain,
     [](Scene& s) {
       s.patch_secret("web", {{"metadata", {{"annotations", {{"keys.netbird.io/key-id", "x"}}}}}});
     }},
    {"read_secret", kGetSecret, kPlain, [](Scene& s) { s.rotate("web"); }},
    {"read_missing_secret", kGetSecret, kPlain, [](Scene& s) { s.remove_secret("web"); }},
    {"create_event", kPostEvent, kPlain, [](Scene& s) { s.rotate("web"); }},
    {"list_groups", kListGroups, kGrouped, nullptr},
    {"list_keys", kListKeys, kPlain, nullptr},
    {"list_setup_keys", "^GET .*/setupkeys\\?", kPlain, nullptr},
    {"list_secrets", "^GET .*/secrets\\?", kPlain, nullptr},
};

// How it fails for as long as the trouble lasts.
struct Failure {
  const char* name;
  int status;  // 0: no refusal
  void (*arm)(Scene&, const char* pattern);
  friend void PrintTo(const Failure& failure, std::ostream* out) { *out << failure.name; }
};

const Failure kFailures[] = {
    {"400", 400, nullptr},
    {"403", 403, nullptr},
    {"404", 404, nullptr},
    {"405", 405, nullptr},
    {"409", 409, nullptr},
    {"412", 412, nullptr},
    {"413", 413, nullptr},
    {"422", 422, nullptr},
    {"429", 429, nullptr},
    {"500", 500, nullptr},
    {"503", 503, nullptr},
    {"cut", 0, [](Scene& s, const char* pattern) { s.alter(pattern, cut_short); }},
    {"html", 0, [](Scene& s, const char* pattern) { s.alter(pattern, make_html); }},
    {"lost", 0, [](Scene& s, const char* pattern) { s.strike(pattern, FaultKind::kDropAnswer); }},
    {"silent", 0,
     [](Scene& s, const char* pattern) { s.strike(pattern, FaultKind::kDropRequest); }},
    {"unreachable", 0,
     [](Scene& s, const char* pattern) { s.strike(pattern, FaultKind::kUnreachable); }},
};

class Quiet : public testing::TestWithParam<std::tuple<Call, Failure>> {
 protected:
  const Call& call() const { return std::get<0>(GetParam()); }

  // Brings the trouble about, over a SetupKey that is whole or over one that is new.
  void begin() {
    scene_.inside.netbird.add_group("servers");
    scene_.inside.netbird.add_group("laptops");
    if (call().trigger != nullptr) {
      scene_.apply("web", call().spec);
      scene_.start();
      scene_.settle();
      arm();
      began_ = scene_.time();
      call().trigger(scene_);
    } else {
      arm();
      scene_.apply("web", call().spec);
      began_ = scene_.time();
      scene_.start();
    }
  }

  Duration healed_after_an_edit() const {
    const std::string about = call().name, how = failure().name;
    if (about == "list_setup_keys" || about == "list_secrets") return kHealedAtMost;
    if (how == "lost" || how == "silent") return kUnknownAtMost;
    const bool at_netbird = about.ends_with("_key") || about.ends_with("_again");
    const bool of_account = about == "list_keys" || how == "429" || (how == "403" && at_netbird);
    return of_account ? kPauseAtMost : kAtOnce;
  }

  Scene scene_;
  Instant began_;

 private:
  const Failure& failure() const { return std::get<1>(GetParam()); }
  void arm() {
    if (failure().status != 0) {
      scene_.refuse(call().pattern, failure().status, kRemoteWords);
    } else {
      failure().arm(scene_, call().pattern);
    }
  }
};

TEST_P(Quiet, CostsLittleAndHeals) {
  begin();
  scene_.pass(kHour);
  expect_quiet_of_one(scene_.bill(began_));
  if (HasFailure()) return;
  scene_.relieve();
  const Duration took = scene_.until([&] { return scene_.wrong().empty(); }, 30 * kMinute);
  at_most("seconds until all was done after the trouble", seconds(took), seconds(kHealedAtMost));
  EXPECT_EQ(scene_.wrong(), "");
}

TEST_P(Quiet, HealsAtOnceAfterAnEdit) {
  begin();
  if (!scene_.pass(20 * kMinute)) GTEST_SKIP() << "too loud to tell";
  scene_.relieve();
  if (scene_.resource("web").is_null()) return;
  scene_.edit("web", {{"secretTemplate", {{"annotations", {{"note", "edited"}}}}}});
  const Duration took = scene_.until([&] { return scene_.wrong().empty(); }, 30 * kMinute);
  at_most("seconds until all was done after the edit", seconds(took),
          seconds(healed_after_an_edit()));
  EXPECT_EQ(scene_.wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Lasting, Quiet,
                         testing::Combine(testing::ValuesIn(kCalls), testing::ValuesIn(kFailures)),
                         [](const auto& about) {
                           return std::string(std::get<0>(about.param).name) + "_" +
                                  std::get<1>(about.param).name;
                         });

// Many SetupKeys in one namespace meet one cause.
struct Cause {
  const char* name;
  int status;
  const char* pattern;
  const char* words;
  bool over_whole_ones;  // else over new ones
  friend void PrintTo(const Cause& cause, std::ostream* out) { *out << cause.name; }
};

const Cause kCauses[] = {
    {"full_quota", 403, kPostSecret, "exceeded quota: few, requested: secrets=1", false},
    {"secrets_forbidden", 403, kWriteSecret, "secrets is forbidden", true},
    {"secrets_too_large", 413, kWriteSecret, "request entity too large", false},
    {"status_forbidden", 403, kPatchStatus, "setupkeys/status is forbidden", false},
    {"finalizers_forbidden", 403, kPatchSetupKey, "setupkeys is forbidden", false},
    {"secrets_unreadable", 403, kGetSecret, "secrets is forbidden", true},
    {"keys_forbidden", 403, kPostKey, "permission denied", false},
    {"keys_fail", 500, kPostKey, "internal server error", false},
    {"token_refused", 401, kNetBirdCalls, "token invalid", true},
    {"netbird_down", 503, kNetBirdCalls, "upstream connect error", true},
    {"groups_fail", 500, kListGroups, "internal server error", true},
};

class QuietTogether : public testing::TestWithParam<Cause> {};

TEST_P(QuietTogether, CostsLittleAndHeals) {
  const Cause& cause = GetParam();
  Scene scene;
  scene.inside.netbird.add_group("servers");
  const auto arm = [&] { scene.refuse(cause.pattern, cause.status, cause.words); };
  if (!cause.over_whole_ones) arm();
  // No replaced key comes to its end while the requests are counted.
  Json spec = kGrouped;
  spec["rotation"] = {{"overlap", "48h"}};
  scene.apply_many(59, spec);
  scene.start();
  if (cause.over_whole_ones) {
    scene.settle();
    arm();
    for (int i = 0; i < 59; ++i) scene.rotate("key-" + std::to_string(i));
  }
  const Instant began = scene.time();
  // What each needs once on its own, to be told of it as well, is not the cause's. An answer that
  // says little is told at the third try, and each tries in turn.
  scene.pass(45 * kMinute);
  at_most("requests of 59 until it is known", scene.bill(began).total, 59 * 6 + 45 * 10);
  const Instant known = scene.time();
  scene.pass(kHour);
  expect_quiet_together(scene.bill(known));
  if (testing::Test::HasFailure()) return;
  scene.relieve();
  const Duration took = scene.until([&] { return scene.wrong().empty(); }, 30 * kMinute);
  at_most("seconds until all was done after the trouble", seconds(took), seconds(kHealedAtMost));
}

INSTANTIATE_TEST_SUITE_P(Lasting, QuietTogether, testing::ValuesIn(kCauses),
                         [](const auto& about) { return about.param.name; });

int status_writes(const Scene& scene, Instant since) {
  return scene.requests_like(kPatchStatus, since);
}

// No text makes a loop.
struct Words {
  const char* name;
  const char* pattern;
  int status;
  friend void PrintTo(const Words& words, std::ostream* out) { *out << words.name; }
};

class QuietWords : public testing::TestWithParam<Words> {
 protected:
  void judge(std::function<std::string(int)> words) {
    Scene scene;
    scene.inside.netbird.add_group("servers");
    scene.refuse_in_words(GetParam().pattern, GetParam().status, std::move(words));
    scene.apply("web", kGrouped);
    const Instant began = scene.time();
    scene.start();
    scene.pass(kHour);
    const Bill bill = scene.bill(began);
    expect_quiet_of_one(bill);
    at_most("status writes but for claims", status_writes(scene, began) - bill.posts, 10);
  }
};

TEST_P(QuietWords, OfWideCharacters) {
  std::string text = "x";
  for (int i = 0; i < 400; ++i) text += "€";
  judge([text](int) { return text; });
}

TEST_P(QuietWords, OfControlCharacters) {
  judge([](int) { return std::string("a\x01\x7f\xe2\x80\xae b\r\n\t\xef\xbb\xbf c\xe2\x80\x8b"); });
}

TEST_P(QuietWords, WithARequestId) {
  judge([](int count) {
    return "internal error, request id 7f3c-" + std::to_string(count * 7919) +
           " at 12:00:" + std::to_string(count % 60);
  });
}

TEST_P(QuietWords, OfGreatLength) {
  judge([](int count) { return std::string(100'000, static_cast<char>('a' + count % 26)); });
}

INSTANTIATE_TEST_SUITE_P(Lasting, QuietWords,
                         testing::Values(Words{"spec_refused", kPostKey, 422},
                                         Words{"account_fails", kNetBirdCalls, 500},
                                         Words{"token_refused", kNetBirdCalls, 401},
                                         Words{"groups_fail", kListGroups, 500},
                                         Words{"secret_denied", kWriteSecret, 403},
                                         Words{"secret_fails", kWriteSecret, 500},
                                         Words{"finalizer_denied", kPatchSetupKey, 403}),
                         [](const auto& about) { return about.param.name; });

// A status that comes back as it was, whatever is written: an admission webhook, or a schema that
// does not know the field.
TEST(QuietTest, StatusThatDoesNotTake) {
  Scene scene;
  scene.inside.kube.set_admission([](const std::string& resource, Json& object) {
    if (resource == "setupkeys" && object.contains("status")) {
      object["status"].erase("conditions");
      object["status"].erase("observedGeneration");
    }
  });
  scene.apply("web");
  const Instant began = scene.time();
  scene.start();
  scene.pass(kHour);
  expect_quiet_of_one(scene.bill(began));
}

TEST(QuietTest, StatusThatIsLostWhole) {
  Scene scene;
  scene.inside.kube.set_admission([](const std::string& resource, Json& object) {
    if (resource == "setupkeys") object.erase("status");
  });
  scene.apply("web");
  const Instant began = scene.time();
  scene.start();
  scene.pass(kHour);
  expect_quiet_of_one(scene.bill(began));
}

// A mutating webhook takes away what we write.
class QuietWebhook : public testing::TestWithParam<const char*> {};

TEST_P(QuietWebhook, TakesFromTheSecret) {
  Scene scene;
  const std::string what = GetParam();
  scene.inside.kube.set_admission([what](const std::string& resource, Json& object) {
    if (resource != "secrets") return;
    Json& metadata = object["metadata"];
    if (what == "label" && metadata.contains("labels")) {
      metadata["labels"].erase("app.kubernetes.io/managed-by");
    }
    if (what == "uid_label" && metadata.contains("labels")) {
      metadata["labels"].erase("keys.netbird.io/setupkey-uid");
    }
    if (what == "annotation" && metadata.contains("annotations")) {
      metadata["annotations"].erase("keys.netbird.io/template");
    }
    if (what == "ticket" && metadata.contains("annotations")) {
      metadata["annotations"].erase("keys.netbird.io/ticket");
    }
    if (what == "owner") metadata.erase("ownerReferences");
    if (what == "annotations") metadata.erase("annotations");
    if (what == "entry" && object.contains("data")) object["data"].erase("NB_URL");
  });
  scene.apply("web", {{"secretTemplate", {{"data", {{"NB_URL", "https://netbird"}}}}}});
  const Instant began = scene.time();
  scene.start();
  scene.pass(kHour);
  expect_quiet_of_one(scene.bill(began));
  at_most("keys issued", scene.issued(began), 6);
}

INSTANTIATE_TEST_SUITE_P(Lasting, QuietWebhook,
                         testing::Values("label", "uid_label", "annotation", "owner", "annotations",
                                         "ticket", "entry"),
                         [](const auto& about) { return std::string(about.param); });

// Secrets that name SetupKeys which they do not belong to, with annotations that say anything.
TEST(QuietTest, ForgedSecrets) {
  Scene scene;
  scene.apply_many(3);
  scene.start();
  scene.settle();
  const Instant began = scene.time();
  for (int i = 0; i < 300; ++i) {
    const std::string of = "key-" + std::to_string(i % 3);
    const std::string uid = text_at(scene.resource(of), {"metadata", "uid"});
    scene.person(io::Server::kKube, io::Method::kPost,
                 std::string("/api/v1/namespaces/") + kTeam + "/secrets",
                 {{"apiVersion", "v1"},
                  {"kind", "Secret"},
                  {"metadata",
                   {{"name", "forged-" + std::to_string(i)},
                    {"labels", {{"keys.netbird.io/setupkey-uid", uid}}},
                    {"annotations",
                     {{"keys.netbird.io/revision", std::to_string(i + 2)},
                      {"keys.netbird.io/key-id", scene.key_id(of)}}}}},
                  {"stringData", {{"setup-key", "forged"}}}},
                 "application/json");
  }
  scene.pass(kHour);
  expect_quiet_together(scene.bill(began));
}

// The same in the places of 300 SetupKeys, under their own names.
TEST(QuietTest, ForgedAnnotations) {
  Scene scene;
  scene.apply_many(300);
  scene.start();
  scene.settle();
  for (int i = 0; i < 300; ++i) {
    scene.patch_secret("key-" + std::to_string(i),
                       {{"metadata",
                         {{"annotations",
                           {{"keys.netbird.io/revision", "7"},
                            {"keys.netbird.io/key-id", "d0000000000000000000"},
                            {"keys.netbird.io/digest", "forged"}}}}}});
  }
  scene.pass(10 * kMinute);
  const Instant known = scene.time();
  scene.pass(kHour);
  expect_quiet_together(scene.bill(known));
}

// Every role may list; only one may write. No revision is claimed for nothing.
TEST(QuietRole, TooSmallFromTheStart) {
  Scene scene;
  scene.inside.netbird.set_may_write(false);
  scene.apply_many(20);
  scene.start();
  const Instant began = scene.time();
  scene.pass(10 * kMinute);
  const Instant known = scene.time();
  scene.pass(kHour);
  expect_quiet_together(scene.bill(known));
  EXPECT_EQ(scene.requests_like(kPostKey, began), 0);
  EXPECT_EQ(scene.reason("key-0", "Ready"), "AccountNotReady");
  const std::string status = scene.resource("key-0")["status"].dump();
  EXPECT_NE(status.find("has the role auditor"), std::string::npos) << status;
  scene.inside.netbird.set_may_write(true);
  const Duration took = scene.until([&scene] { return scene.ready_count() == 20; }, kHour);
  EXPECT_LE(took, kHealedAtMost);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(scene.resource("key-" + std::to_string(i))["status"]["lastRevision"], 1) << i;
  }
}

TEST(QuietRole, LoweredLater) {
  Scene scene;
  scene.start();
  scene.settle();
  scene.inside.netbird.set_may_write(false);
  scene.apply_many(20);
  const Instant began = scene.time();
  scene.pass(10 * kMinute);
  const Instant known = scene.time();
  scene.pass(kHour);
  expect_quiet_together(scene.bill(known));
  EXPECT_LE(scene.requests_like(kPostKey, began), 20) << "one for each that was quicker";
  EXPECT_EQ(scene.reason("key-0", "Ready"), "AccountNotReady");
  scene.inside.netbird.set_may_write(true);
  const Duration took = scene.until([&scene] { return scene.ready_count() == 20; }, kHour);
  EXPECT_LE(took, kHealedAtMost);
  for (int i = 0; i < 20; ++i) {
    EXPECT_LE(scene.resource("key-" + std::to_string(i))["status"]["lastRevision"], 2) << i;
  }
}

}  // namespace
}  // namespace nbkeys::lasting
