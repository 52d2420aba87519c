#include "kube/watch_lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nbkeys::kube {
namespace {

std::vector<std::string> drain(WatchLines& lines) {
  std::vector<std::string> out;
  while (const auto line = lines.next()) out.emplace_back(*line);
  return out;
}

TEST(WatchLines, EveryPairOfSplitsGivesTheSameLines) {
  const std::string stream = "{\"a\":1}\n\n{\"bb\":\"\xc3\xa9\"}\n{}\nrest";
  const std::vector<std::string> expected = {"{\"a\":1}", "", "{\"bb\":\"\xc3\xa9\"}", "{}"};
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    for (std::size_t j = i; j <= stream.size(); ++j) {
      WatchLines lines;
      std::vector<std::string> got;
      for (const std::string& piece :
           {stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)}) {
        lines.append(piece);
        for (std::string& line : drain(lines)) got.push_back(std::move(line));
      }
      ASSERT_EQ(got, expected) << i << ", " << j;
    }
  }
}

TEST(WatchLines, ByteByByte) {
  WatchLines lines;
  std::vector<std::string> got;
  for (const char c : std::string("one\ntwo\n")) {
    lines.append(std::string_view(&c, 1));
    for (std::string& line : drain(lines)) got.push_back(std::move(line));
  }
  EXPECT_EQ(got, (std::vector<std::string>{"one", "two"}));
}

TEST(WatchLines, AnUnfinishedLineIsNoLine) {
  WatchLines lines;
  lines.append("half");
  EXPECT_FALSE(lines.next());
  lines.append(" and half\n");
  EXPECT_EQ(lines.next(), "half and half");
  EXPECT_FALSE(lines.next());
}

TEST(WatchLines, AnEndlessLineOverflowsExactlyBeyondTheBound) {
  WatchLines lines;
  const std::string piece(1u << 20, 'x');
  for (int i = 0; i < 4; ++i) lines.append(piece);
  EXPECT_FALSE(lines.next());
  EXPECT_FALSE(lines.overflow());
  lines.append("x");
  EXPECT_FALSE(lines.next());
  EXPECT_TRUE(lines.overflow());
}

TEST(WatchLines, ManyLinesNeverOverflow) {
  WatchLines lines;
  const std::string piece = std::string(1u << 20, 'x') + "\n";
  for (int i = 0; i < 20; ++i) {
    lines.append(piece);
    EXPECT_EQ(drain(lines).size(), 1u);
    EXPECT_FALSE(lines.overflow());
  }
}

}  // namespace
}  // namespace nbkeys::kube
