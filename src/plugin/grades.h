#pragma once
// The six rules of NetBird's guide to setup keys, applied to what the SetupKeys and the account
// show. Pure.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/join.h"

namespace nbkeys::plugin {

inline constexpr std::array<std::string_view, 6> kRuleNames = {
    "limit expiry", "prefer one-off", "set limits", "revoke unused", "rotate", "monitor"};

enum class Mark { kMet, kHalf, kMissed };
std::string_view mark_name(Mark mark);

struct RuleMark {
  Mark mark = Mark::kMet;
  std::string why;
};

struct Graded {
  std::string kind;  // "SetupKey", "hand-made", "no SetupKey"
  std::string name_space, name, key_id;
  std::array<RuleMark, 6> rules;  // as kRuleNames
  int points = 0;                 // 2 for a rule that is met, 1 for half
  char grade = 'F';               // A B C D F
};

std::vector<Graded> grade_all(const Joined& joined, const JoinOptions& options);

char grade_of(int points);

}  // namespace nbkeys::plugin
