#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "builders.h"
#include "plugin/advice.h"
#include "plugin/audit_view.h"
#include "plugin/list_view.h"
#include "plugin/status_view.h"

namespace nbkeys::plugin {
namespace {

using base::Json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Style kPlainStyle;

StatusView view_of(const Json& object) {
  StatusView view;
  view.resource = parsed(object);
  view.now = kNow;
  view.events = {{kNow - kHour, false, "Issued", "key id-web is in Secret web", 3}};
  return view;
}

TEST(StatusView, ShowsAllOnOneScreen) {
  Json object = setup_key_object("web");
  object["spec"]["autoGroups"] = {{{"name", "servers"}}};
  object["status"]["autoGroupIDs"] = {"g1"};
  object["status"]["previousKeys"] = {
      {{"keyID", "old"}, {"revision", 1}, {"retireAt", "2026-03-01T12:40:00Z"}}};
  EXPECT_EQ(status_text(view_of(object), kPlainStyle),
            R"(SetupKey team-a/web
Ready          yes, Issued: key id-web (revision 2) is in Secret web  (since 10d)

Key            id-web (ABCDE****), revision 2, reusable, valid
Lifetime       [##########--------------------] 33 % gone, expires 2026-03-21T12:00:00Z (in 20d)
Usage          [########----------------------] 5 of 20 used, last 1h ago
Secret         web, entry setup-key (does not exist)
Groups         servers (1 id at NetBird)
Next rotation  2026-03-11T12:00:00Z (in 10d)
Previous keys  old (revision 1), deleted 2026-03-01T12:40:00Z (in 40m)

Events
  1h ago      Issued: key id-web is in Secret web (x3)

What to do now
  Nothing: all is well.
)");
}

TEST(StatusView, ColoursOnlyWhereAsked) {
  const StatusView view = view_of(setup_key_object("web"));
  EXPECT_THAT(status_text(view, kPlainStyle), Not(HasSubstr("\033")));
  EXPECT_THAT(status_text(view, Style{true, false}), HasSubstr("\033[32myes, Issued\033[0m"));
}

TEST(StatusView, LetsNoForeignTextControlTheTerminal) {
  Json object = setup_key_object("web");
  object["status"]["conditions"][0]["message"] = "bad \033[2J\nname";
  EXPECT_THAT(status_text(view_of(object), kPlainStyle), HasSubstr("bad ?[2J?name"));
}

TEST(StatusView, SaysThatNothingHasHappenedYet) {
  Json object = setup_key_object("web");
  object.erase("status");
  const std::string text = status_text(view_of(object), kPlainStyle);
  EXPECT_THAT(text,
              AllOf(HasSubstr("unknown: the operator has not looked"), HasSubstr("none yet")));
  EXPECT_FALSE(status_json(view_of(object))["ready"].get<bool>());
}

TEST(StatusView, JsonHasTheSame) {
  const Json json = status_json(view_of(setup_key_object("web")));
  EXPECT_TRUE(json["ready"].get<bool>());
  EXPECT_EQ(json["key"]["id"], "id-web");
  EXPECT_EQ(json["nextRotation"], "2026-03-11T12:00:00Z");
  EXPECT_EQ(json["events"][0]["count"], 3);
  EXPECT_EQ(json["advice"][0], "Nothing: all is well.");
}

TEST(Advice, NamesTheNextStepOfEachReason) {
  for (const char* reason :
       {"Used", "Revoked", "Progressing", "AccountNotReady", "GroupNotFound", "SecretConflict",
        "InvalidSpec", "RateLimited", "APIError", "Suspended", "DeletionBlocked", "Expired",
        "Overused", "RevokedExternally", "DeletedExternally"}) {
    Json object = setup_key_object("web");
    object["status"]["conditions"][0]["reason"] = reason;
    object["status"]["conditions"][0]["status"] = "False";
    const auto advice = advice_for(parsed(object), kNow);
    ASSERT_EQ(advice.size(), 1u) << reason;
    EXPECT_THAT(advice[0], AllOf(Not(HasSubstr("NAME")), Not(HasSubstr("-n NS")),
                                 Not(HasSubstr("See the message"))))
        << reason;
  }
}

TEST(Advice, FillsInTheName) {
  Json object = setup_key_object("web");
  object["status"]["conditions"][0]["reason"] = "Expired";
  EXPECT_THAT(advice_for(parsed(object), kNow)[0], HasSubstr("nbkeys rotate web -n team-a"));
}

TEST(Advice, WarnsBeforeItIsTooLate) {
  Json object = setup_key_object("web");
  object["status"]["renewalTime"] = "2026-03-01T11:00:00Z";
  object["status"]["usedTimes"] = 18;
  EXPECT_THAT(advice_for(parsed(object), kNow),
              ElementsAre(HasSubstr("overdue since 1h"), HasSubstr("Nine of ten uses")));
}

class Lists : public testing::Test {
 protected:
  Lists() : joined_(join(setup_keys_, &account_, options_)) {}

  ListView view(bool complete) const {
    return {&joined_, &account_, "", complete, true, false, options_};
  }

  const JoinOptions options_{kNow, 90 * kDay};
  const std::vector<kube::SetupKey> setup_keys_ = {setup_key("web")};
  const Account account_{{marked("web", 2), listed("h", "by hand")}, {}};
  const Joined joined_;
};

TEST_F(Lists, ShowSetupKeysAndOthers) {
  EXPECT_EQ(list_text(view(true), kPlainStyle),
            "NAMESPACE   NAME   READY   STATE   TYPE       USED   EXPIRES   RENEWAL   REMARKS\n"
            "team-a      web    True    valid   reusable   5/20   in 20d    in 10d\n"
            "\n"
            "At NetBird, of no SetupKey here:\n"
            "KEY AT NETBIRD   ID   KIND        STATE   TYPE       USED   EXPIRES   LAST USED   "
            "REMARKS\n"
            "by hand          h    hand-made   valid   reusable   5/20   in 20d    1h ago\n");
}

TEST_F(Lists, OfAPartOfTheSetupKeysTellNothingOfOthers) {
  EXPECT_THAT(list_text(view(false), kPlainStyle),
              AllOf(HasSubstr("1 key of other origin"), Not(HasSubstr("by hand"))));
  EXPECT_FALSE(list_json(view(false))["netbird"].contains("handMadeKeys"));
}

TEST_F(Lists, JsonHasRoles) {
  const Json json = list_json(view(true));
  EXPECT_EQ(json["setupKeys"][0]["netbirdKeys"][0]["role"], "in use");
  EXPECT_EQ(json["netbird"]["handMadeKeys"][0]["id"], "h");
  EXPECT_TRUE(json["netbird"]["available"].get<bool>());
}

TEST_F(Lists, AuditReports) {
  const AuditView audit{grade_all(joined_, options_), "", kNow};
  EXPECT_EQ(worst_grade(audit.graded), 'C');
  EXPECT_THAT(audit_text(audit, kPlainStyle), HasSubstr("2 keys: A 1, B 0, C 1, D 0, F 0."));
  EXPECT_THAT(audit_markdown(audit),
              AllOf(HasSubstr("# Audit of NetBird setup keys"),
                    HasSubstr("| C | hand-made | by hand | yes | half | yes | yes | no | no |")));
  const Json json = audit_json(audit);
  EXPECT_EQ(json["worst"], "C");
  EXPECT_EQ(json["grades"]["A"], 1);
  EXPECT_EQ(json["keys"][1]["rules"][5]["met"], "no");
}

TEST(AuditView, MarkdownEscapesForeignNames) {
  const Account account{{listed("h", "a|b\n# c")}, {}};
  const JoinOptions options{kNow, 90 * kDay};
  const AuditView audit{grade_all(join({}, &account, options), options), "", kNow};
  EXPECT_THAT(audit_markdown(audit), HasSubstr("| a\\|b?# c |"));
}

}  // namespace
}  // namespace nbkeys::plugin
