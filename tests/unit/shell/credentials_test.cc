#include "shell/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "temp_folder.h"

namespace nbkeys::shell {
namespace {

using testing::HasSubstr;

std::string value(const Token& token) {
  const auto current = token.current();
  return current ? std::string((*current)->reveal()) : "error: " + current.error().message;
}

TEST(Token, IsTheFilesOneLine) {
  const TempFolder folder;
  EXPECT_EQ(value(Token::file(folder.write("t", " nbp_abc \n"), "NetBird token file")), "nbp_abc");
  EXPECT_FALSE(Token().needed());
}

TEST(Token, NamesWhatIsWrongWithoutQuotingIt) {
  const TempFolder folder;
  const auto message = [](const std::string& path) {
    return value(Token::file(path, "NetBird token file"));
  };
  EXPECT_THAT(message(folder.path() + "/none"), HasSubstr("No such file or directory"));
  EXPECT_THAT(message(folder.path()), HasSubstr("it is a folder; name a file in it"));
  EXPECT_THAT(message(folder.write("empty", " \n")), HasSubstr("it is empty"));
  EXPECT_THAT(message(folder.write("long", std::string(70'000, 'a'))), HasSubstr("longer than"));
  const std::string two = message(folder.write("two", "first\nsecond"));
  EXPECT_THAT(two, HasSubstr("one token on one line"));
  EXPECT_THAT(two, testing::Not(HasSubstr("second")));
}

// Root may read everything, so the test is another user meanwhile.
class AsAnother {
 public:
  AsAnother() : before_(geteuid()) {
    if (before_ == 0 && seteuid(kNobody) != 0) std::abort();
  }
  ~AsAnother() {
    if (seteuid(before_) != 0) std::abort();
  }
  AsAnother(const AsAnother&) = delete;
  AsAnother& operator=(const AsAnother&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  uid_t before_;
};

TEST(Token, SaysAsWhomItMayNotRead) {
  const TempFolder folder;
  const std::string path = folder.write("t", "nbp_secret");
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const AsAnother somebody;
  const std::string message = value(Token::file(path, "NetBird token file"));
  EXPECT_THAT(message, HasSubstr("cannot read " + path + ": Permission denied (for user " +
                                 std::to_string(geteuid()) + ", group "));
}

TEST(Token, IsAwaitedWhereTheFileIsEmptyAndUsedOnceItIsFilled) {
  const TempFolder folder;
  for (const char* nothing : {"", " \r\n"}) {
    const std::string path = folder.write("t", nothing);
    Token token = Token::file(path, "NetBird token file");
    EXPECT_TRUE(token.awaited());
    EXPECT_THAT(value(token), HasSubstr(path + " cannot be used: it is empty"));
    folder.write("t", "nbp_abc");
    EXPECT_TRUE(token.refresh());
    EXPECT_FALSE(token.awaited());
    EXPECT_EQ(value(token), "nbp_abc");
  }
  EXPECT_FALSE(Token::file(folder.path() + "/none", "token file").awaited());
  EXPECT_FALSE(Token::file(folder.write("t", "two words"), "token file").awaited());
}

TEST(Token, TellsThatItIsMissingForAnotherReason) {
  const TempFolder folder;
  Token token = Token::file(folder.write("t", ""), "token file");
  folder.write("t", "two words");
  EXPECT_TRUE(token.refresh());
  EXPECT_THAT(value(token), HasSubstr("several words"));
  folder.write("t", "two other words");
  EXPECT_FALSE(token.refresh());
}

TEST(Token, RemarksWhatItHadToTakeOff) {
  const TempFolder folder;
  const std::string path = folder.write("t", "\"Token nbp_abc\"\r\n");
  Token token = Token::file(path, "NetBird token file");
  EXPECT_EQ(value(token), "nbp_abc");
  EXPECT_EQ(token.remark(), "the token in the NetBird token file " + path +
                                " is used without what stands around it (quotes, the word Token)");
  folder.write("t", "nbp_abc");
  EXPECT_FALSE(token.refresh()) << "the token is the same";
  EXPECT_EQ(token.remark(), "");
  const auto fixed = Token::fixed(base::SecretText(std::string("'nbp_abc'")), "the token in X");
  ASSERT_TRUE(fixed.ok());
  EXPECT_EQ(fixed->remark(), "the token in X is used without what stands around it (quotes)");
  const auto bad = Token::fixed(base::SecretText(std::string("a b")), "the token in X");
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.error().message, testing::StartsWith("the token in X cannot be used: "));
}

TEST(Token, FollowsTheFile) {
  const TempFolder folder;
  const std::string path = folder.write("t", "one");
  Token token = Token::file(path, "token file");
  EXPECT_FALSE(token.refresh());
  folder.write("t", "two2");
  EXPECT_TRUE(token.refresh());
  EXPECT_EQ(value(token), "two2");
  folder.write("t", "two2\n");
  EXPECT_FALSE(token.refresh()) << "another file, the same token";
  unlink(path.c_str());
  EXPECT_TRUE(token.refresh());
  EXPECT_FALSE(token.current().ok());
  EXPECT_FALSE(token.refresh());
  folder.write("t", "three");
  EXPECT_TRUE(token.refresh());
  EXPECT_EQ(value(token), "three");
}

TEST(Token, SeesTheKubeletSwapALink) {
  const TempFolder folder;
  folder.write("..1/token", "old-token");
  folder.write("..2/token", "new-token");
  const std::string link = folder.path() + "/..data";
  ASSERT_EQ(symlink("..1", link.c_str()), 0);
  ASSERT_EQ(symlink("..data/token", (folder.path() + "/token").c_str()), 0);
  Token token = Token::file(folder.path() + "/token", "token file");
  EXPECT_EQ(value(token), "old-token");
  ASSERT_EQ(symlink("..2", (link + "_tmp").c_str()), 0);
  ASSERT_EQ(rename((link + "_tmp").c_str(), link.c_str()), 0);
  EXPECT_TRUE(token.refresh());
  EXPECT_EQ(value(token), "new-token");
}

}  // namespace
}  // namespace nbkeys::shell
