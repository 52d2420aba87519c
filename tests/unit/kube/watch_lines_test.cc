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

TEST(WatchLines, ALineUpToTheBoundIsALineAndALongerOneIsLeftOut) {
  for (const std::size_t beyond : {0u, 1u}) {
    WatchLines lines;
    lines.append("first\n");
    std::vector<std::string> got = drain(lines);
    for (std::size_t sent = 0; sent < WatchLines::kLineMax; sent += 1u << 20) {
      lines.append(std::string(1u << 20, 'x'));
      EXPECT_FALSE(lines.next());
    }
    lines.append(std::string(beyond, 'x'));
    EXPECT_FALSE(lines.next());
    EXPECT_EQ(lines.take_skipped(), beyond == 1);
    EXPECT_FALSE(lines.take_skipped()) << "told once";
    lines.append("x");
    lines.append("\nnext\nlast");
    got = drain(lines);
    EXPECT_EQ(got.size(), beyond == 1 ? 1u : 2u);
    EXPECT_EQ(got.back(), "next");
    lines.append("\n");
    EXPECT_EQ(drain(lines), (std::vector<std::string>{"last"}));
    EXPECT_FALSE(lines.overflow());
  }
}

TEST(WatchLines, ALineWithoutEndOverflows) {
  WatchLines lines;
  const std::string piece(8u << 20, 'x');
  for (int i = 0; i < 8; ++i) {
    lines.append(piece);
    EXPECT_FALSE(lines.next());
    EXPECT_FALSE(lines.overflow()) << i;
  }
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
