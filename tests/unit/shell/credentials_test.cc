#include "shell/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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
  EXPECT_THAT(message(folder.path()), HasSubstr("it is a folder"));
  EXPECT_THAT(message(folder.write("empty", " \n")), HasSubstr("it is empty"));
  EXPECT_THAT(message(folder.write("long", std::string(70'000, 'a'))), HasSubstr("longer than"));
  const std::string two = message(folder.write("two", "first\nsecond"));
  EXPECT_THAT(two, HasSubstr("one token on one line"));
  EXPECT_THAT(two, testing::Not(HasSubstr("second")));
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
