#include "netbird/setup_key.h"

#include <gtest/gtest.h>

#include "answers.h"

namespace nbkeys::netbird {
namespace {

using base::Json;
using testing::json;
using testing::key_json;

constexpr const char* kFullKey = "A616097E-FCF0-48FA-9354-CA4A61142761";

TEST(ParseKey, ReadsWhatMatters) {
  const auto key = parse_key(key_json());
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->id, "cr3u5ltd0h2s73c8a1b0");
  EXPECT_EQ(key->name, "fleet");
  EXPECT_EQ(key->prefix, "A6160");
  EXPECT_EQ(key->state, KeyState::kValid);
  EXPECT_FALSE(key->revoked);
  EXPECT_EQ(key->used_times, 2);
  EXPECT_EQ(key->usage_limit, 5);
  EXPECT_EQ(key->expires, base::parse_rfc3339("2026-12-25T00:00:00Z"));
  EXPECT_EQ(key->last_used, base::parse_rfc3339("2026-11-25T10:00:00Z"));
  EXPECT_EQ(key->auto_groups, (std::vector<std::string>{"ga", "gz"})) << "sorted";
}

TEST(ParseKey, GosZeroTimeIsNever) {
  Json object = key_json();
  object["expires"] = "0001-01-01T00:00:00Z";
  object["last_used"] = "0001-01-01T00:00:00Z";
  const auto key = parse_key(object);
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(key->expires);
  EXPECT_FALSE(key->last_used);
}

TEST(ParseKey, EachStateHasItsWord) {
  for (const char* word : {"valid", "overused", "expired", "revoked"}) {
    Json object = key_json();
    object["state"] = word;
    const auto key = parse_key(object);
    ASSERT_TRUE(key.ok()) << word;
    EXPECT_EQ(key_state_name(key->state), word);
  }
}

TEST(ParseKey, WithoutAnIdItProvesNothing) {
  for (const char* change : {R"({"id": null})", R"({"id": ""})", R"({"id": 5})"}) {
    Json object = key_json();
    object.merge_patch(json(change));
    const auto key = parse_key(object);
    ASSERT_FALSE(key.ok()) << change;
    EXPECT_EQ(key.error().code, base::ErrorCode::kMalformed);
  }
  for (const char* text : {"[]", "null", "7", "\"key\""}) EXPECT_FALSE(parse_key(json(text)).ok());
}

TEST(ParseKey, AnUnknownStateFollowsFromTheRest) {
  const std::pair<const char*, KeyState> cases[] = {
      {R"({"state": "paused"})", KeyState::kValid},
      {R"({"state": null})", KeyState::kValid},
      {R"({"state": 1, "valid": null})", KeyState::kValid},
      {R"({"state": "paused", "revoked": true})", KeyState::kRevoked},
      {R"({"state": "disabled", "valid": false})", KeyState::kRevoked},
  };
  for (const auto& [change, state] : cases) {
    Json object = key_json();
    object.merge_patch(json(change));
    const auto key = parse_key(object);
    ASSERT_TRUE(key.ok()) << change;
    EXPECT_EQ(key->state, state) << change;
  }
}

TEST(ParseKey, AnOddTimeIsNoTime) {
  Json object = key_json();
  object["expires"] = "the day after tomorrow";
  ASSERT_TRUE(parse_key(object).ok());
  EXPECT_FALSE(parse_key(object)->expires);
}

TEST(ParseKey, NullGroupsAreNoGroups) {
  Json object = key_json();
  object["auto_groups"] = nullptr;
  EXPECT_TRUE(parse_key(object)->auto_groups.empty());
}

TEST(ParseKeyList, AWholeListOrNothing) {
  const Json list = Json::array({key_json(), key_json()});
  ASSERT_TRUE(parse_key_list(base::dump_json(list)).ok());
  EXPECT_EQ(parse_key_list(base::dump_json(list))->keys.size(), 2u);
  EXPECT_TRUE(parse_key_list("[]")->keys.empty());
  for (const char* text : {"", "{}", "null", "<html>"}) {
    EXPECT_FALSE(parse_key_list(text).ok()) << text;
  }
}

TEST(ParseKeyList, AnEntryThatIsNoKeyCostsOnlyItself) {
  const std::string good = base::dump_json(key_json());
  const auto list =
      parse_key_list("[{}, null, 7, " + good + R"(, {"name": "no id"}, [)" + good + "]]");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->keys.size(), 1u);
  EXPECT_EQ(list->skipped, 5u) << "a list within the list is no key either";
}

TEST(ParseKeyList, TextThatIsCutOffAnywhereIsNoList) {
  const std::string text = base::dump_json(Json::array({key_json(), key_json()}));
  ASSERT_TRUE(parse_key_list(text).ok());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto keys = parse_key_list(text.substr(0, size));
    ASSERT_FALSE(keys.ok()) << size;
    EXPECT_EQ(keys.error().code, base::ErrorCode::kMalformed);
    EXPECT_EQ(keys.error().step, "list setup keys");
  }
  EXPECT_FALSE(parse_key_list(text + "]").ok());
}

std::string created(const std::string& key_text) {
  Json object = key_json();
  object["key"] = key_text;
  return base::dump_json(object);
}

TEST(ParseCreatedKey, HandsOverThePlaintext) {
  const auto made = parse_created_key(created(kFullKey));
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->plaintext.reveal(), kFullKey);
  EXPECT_EQ(made->key.prefix, "A6160");
  EXPECT_EQ(made->key.id, "cr3u5ltd0h2s73c8a1b0");
}

TEST(ParseCreatedKey, AMaskedOrMissingKeyIsRefused) {
  for (const char* text : {"A6160****", "", "short", "A616097E-FCF0-48FA-9354-CA4A6114****"}) {
    const auto made = parse_created_key(created(text));
    ASSERT_FALSE(made.ok()) << text;
    EXPECT_EQ(made.error().code, base::ErrorCode::kMalformed);
    EXPECT_EQ(made.error().message.find("A6160"), std::string::npos) << "no part of it is told";
  }
  Json object = key_json();
  object.erase("key");
  EXPECT_FALSE(parse_created_key(base::dump_json(object)).ok());
  object["key"] = 7;
  EXPECT_FALSE(parse_created_key(base::dump_json(object)).ok());
  for (const char* text : {"", "[]", "{}", "null", "<html>"}) {
    EXPECT_FALSE(parse_created_key(text).ok()) << text;
  }
}

TEST(ParseGroupList, ReadsIdsAndNames) {
  const auto groups = parse_group_list(
      R"([{"id": "g1", "name": "All", "peers_count": 3}, {"id": "g2", "name": "All"}])");
  ASSERT_TRUE(groups.ok());
  ASSERT_EQ(groups->size(), 2u);
  EXPECT_EQ((*groups)[1].id, "g2");
  EXPECT_EQ((*groups)[1].name, "All");
  for (const char* text :
       {"{}", "", "null", R"([{"name": "x"}])", "[1]", R"([{"id": "g1"}, {"id": "g2"})"}) {
    EXPECT_FALSE(parse_group_list(text).ok()) << text;
  }
}

TEST(ParseGroupList, AnEntryThatIsNoGroupCostsOnlyItself) {
  const std::string long_text(2'000, 'x');
  const auto groups =
      parse_group_list(R"([{}, null, 7, {"id": "g1", "name": "All"}, {"name": "x"}, {"id": ")" +
                       long_text + R"("}, {"id": "g2", "name": ")" + long_text + R"("}])");
  ASSERT_TRUE(groups.ok());
  ASSERT_EQ(groups->size(), 1u);
  EXPECT_EQ(groups->front().id, "g1");
}

TEST(MadeAt, IsTheSecondInAnXid) {
  const auto at = made_at("dc5jk45qmd2qpoq3llo0");  // of a NetBird server at 20:31:12Z
  ASSERT_TRUE(at);
  EXPECT_EQ(base::format_rfc3339(*at), "2026-11-28T20:31:12Z");
  for (const char* id : {"", "dc5jk45", "dc5jk45qmd2qpoq3llo00", "key-00000000000000001",
                         "DC5JK45QMD2QPOQ3LLO0", "9m4e2mr0ui3e8a21-001"}) {
    EXPECT_FALSE(made_at(id)) << id;
  }
}

TEST(ParseAccountId, OfExactlyOneAccount) {
  EXPECT_EQ(*parse_account_id(R"([{"id": "cr3u5ltd0h2s73c8a1b0", "settings": {}}])"),
            "cr3u5ltd0h2s73c8a1b0");
  const std::string too_long(65, 'x');
  for (const std::string& text :
       {std::string("[]"), std::string("{}"), std::string("<html>"), std::string(R"([{"id": ""}])"),
        std::string(R"([{"id": "a"}, {"id": "b"}])"), R"([{"id": ")" + too_long + R"("}])"}) {
    const auto id = parse_account_id(text);
    ASSERT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.error().code, base::ErrorCode::kMalformed);
  }
}

TEST(ParseUser, APersonIsToldWhoItIs) {
  EXPECT_EQ(*parse_current_user(R"({"id": "u", "name": "Ada", "role": "admin"})"),
            (User{"u", "Ada", "admin"}));
  EXPECT_EQ(parse_current_user("{}")->role, "");
  EXPECT_FALSE(parse_current_user("<html>").ok());
  EXPECT_FALSE(parse_current_user("[]").ok());
}

TEST(ParseUser, AServiceUserIsFoundAmongTheOthers) {
  const auto own = parse_own_user(
      R"([{"id": "a", "role": "owner"}, {"id": "b", "name": "nbkeys", "role": "auditor",
          "is_current": true}, {"id": "c", "role": "admin", "is_current": false}])");
  ASSERT_TRUE(own && *own);
  EXPECT_EQ(**own, (User{"b", "nbkeys", "auditor"}));
  EXPECT_FALSE(*parse_own_user(R"([{"id": "a", "role": "owner"}, 7])"));
  EXPECT_FALSE(*parse_own_user("[]"));
  EXPECT_FALSE(parse_own_user("{}").ok());
  EXPECT_FALSE(parse_own_user("<html>").ok());
}

TEST(ParseUser, NamesAreBoundedAndPlain) {
  const auto user = parse_current_user(R"({"id": "u", "role": "a\nb", "name": ")" +
                                       std::string(500, 'x') + "\"}");
  EXPECT_EQ(user->role, "a b");
  EXPECT_LE(user->name.size(), 64u);
}

}  // namespace
}  // namespace nbkeys::netbird
