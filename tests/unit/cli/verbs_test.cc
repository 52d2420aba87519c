#include "cli/verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nbkeys::cli {
namespace {

using plugin::Format;
using plugin::Verb;
using testing::HasSubstr;

VerbCall call(std::vector<const char*> args, const char* program = "nbkeys") {
  args.insert(args.begin(), program);
  return parse_verb(static_cast<int>(args.size()), args.data());
}

std::string refusal(std::vector<const char*> args) {
  const VerbCall made = call(std::move(args));
  EXPECT_EQ(made.what, VerbCall::What::kUsageError);
  EXPECT_EQ(made.text.find('\n'), std::string::npos) << "one line: " << made.text;
  EXPECT_THAT(made.text, HasSubstr("; see: nbkeys "));
  return made.text;
}

bool is_verb(std::vector<const char*> args) {
  return is_verb_call(static_cast<int>(args.size()), args.data());
}

TEST(Verbs, AreToldFromTheOperator) {
  EXPECT_TRUE(is_verb({"/usr/bin/nbkeys", "list"}));
  EXPECT_FALSE(is_verb({"nbkeys", "run"}));
  EXPECT_FALSE(is_verb({"nbkeys", "version"}));
  EXPECT_FALSE(is_verb({"nbkeys"}));
  EXPECT_TRUE(is_verb({"/home/me/.krew/bin/kubectl-nbkeys"}));
  EXPECT_TRUE(is_verb({"kubectl-nbkeys", "version"}));
}

TEST(Verbs, AreRead) {
  const VerbCall list = call({"list", "-A", "-l", "team=a", "-o", "json", "--unused-after", "7d"});
  ASSERT_EQ(list.what, VerbCall::What::kRun) << list.text;
  EXPECT_EQ(list.request.verb, Verb::kList);
  EXPECT_TRUE(list.request.all_namespaces);
  EXPECT_EQ(list.request.selector, "team=a");
  EXPECT_EQ(list.request.format, Format::kJson);
  EXPECT_EQ(list.request.unused_after, base::Duration{7 * 86'400'000});

  const VerbCall rotate = call({"rotate", "a", "b", "-n", "x", "--wait", "--timeout", "30s"});
  ASSERT_EQ(rotate.what, VerbCall::What::kRun) << rotate.text;
  EXPECT_THAT(rotate.request.names, testing::ElementsAre("a", "b"));
  EXPECT_TRUE(rotate.request.wait);
  EXPECT_EQ(rotate.request.timeout, base::Duration{30'000});

  EXPECT_EQ(call({"audit", "--fail-below", "c"}).request.fail_below, 'C');
  EXPECT_EQ(call({"render", "-"}).request.file, "-");
  EXPECT_TRUE(call({"strays"}).request.all_namespaces);
  EXPECT_EQ(call({"strays", "--identity", "copy"}).request.access.identity, "copy");
  EXPECT_TRUE(call({"status", "web", "--show-key"}).request.show_key);
}

TEST(Verbs, NameCauseAndRemedyOfEachMistake) {
  EXPECT_THAT(refusal({"lisst"}), HasSubstr("there is no command 'lisst'"));
  EXPECT_THAT(refusal({}), HasSubstr("say what to do: status"));
  EXPECT_THAT(refusal({"status"}), HasSubstr("NAME"));
  EXPECT_THAT(refusal({"status", "a", "b"}), HasSubstr("b"));
  EXPECT_THAT(refusal({"status", "Not_A_Name"}), HasSubstr("'Not_A_Name'"));
  EXPECT_THAT(refusal({"list", "--no-such"}), HasSubstr("--no-such"));
  EXPECT_THAT(refusal({"list", "-o", "xml"}), HasSubstr("none of table, wide, json"));
  EXPECT_THAT(refusal({"list", "-A", "-n", "x"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({"list", "-n", "X"}), HasSubstr("not the name of a namespace"));
  EXPECT_THAT(refusal({"list", "--color", "red"}), HasSubstr("auto, always, never"));
  EXPECT_THAT(refusal({"list", "--unused-after", "soon"}), HasSubstr("--unused-after"));
  EXPECT_THAT(refusal({"rotate"}), HasSubstr("say which SetupKeys"));
  EXPECT_THAT(refusal({"rotate", "a", "--all"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({"rotate", "a", "-A"}), HasSubstr("one namespace"));
  EXPECT_THAT(refusal({"rotate", "a", "--timeout", "0"}), HasSubstr("--timeout"));
  EXPECT_THAT(refusal({"revoke"}), HasSubstr("say which SetupKeys"));
  EXPECT_THAT(refusal({"strays", "--orphans"}), HasSubstr("only with --delete"));
  EXPECT_THAT(refusal({"check", "--operator-namespace", ""}), HasSubstr("--operator-namespace"));
  EXPECT_THAT(refusal({"render"}), HasSubstr("FILE"));
  EXPECT_THAT(refusal({"audit", "--fail-below", "E"}), HasSubstr("none of A, B, C, D, F"));
  EXPECT_THAT(refusal({"completion", "tcsh"}), HasSubstr("bash, zsh and fish"));
}

TEST(Verbs, SpeakAsThePluginWhereCalledAsThat) {
  EXPECT_THAT(call({"lisst"}, "kubectl-nbkeys").text, HasSubstr("see: kubectl nbkeys --help"));
  EXPECT_THAT(call({"version"}, "kubectl-nbkeys").text, testing::StartsWith("nbkeys "));
  EXPECT_THAT(call({"--help"}, "kubectl-nbkeys").text, HasSubstr("kubectl nbkeys"));
}

TEST(Verbs, ExplainThemselves) {
  for (const char* verb :
       {"status", "list", "rotate", "revoke", "strays", "check", "render", "audit"}) {
    const VerbCall help = call({verb, "--help"});
    EXPECT_EQ(help.what, VerbCall::What::kPrint) << verb;
    EXPECT_THAT(help.text, HasSubstr("Exit codes: 0 done or yes")) << verb;
  }
}

TEST(Completion, KnowsEveryVerbAndFlag) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const VerbCall made = call({"completion", shell});
    ASSERT_EQ(made.what, VerbCall::What::kPrint) << made.text;
    for (const char* word :
         {"status", "list", "rotate", "revoke", "strays", "check", "render", "audit", "completion",
          "show-key", "netbird-token-file", "fail-below", "all-namespaces", "list -o name"}) {
      EXPECT_THAT(made.text, HasSubstr(word)) << shell;
    }
  }
  EXPECT_THAT(call({"completion", "bash"}, "kubectl-nbkeys").text,
              HasSubstr("complete -F _kubectl_nbkeys kubectl-nbkeys"));
}

}  // namespace
}  // namespace nbkeys::cli
