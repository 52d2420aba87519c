#include "plugin/audit_view.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "plugin/table.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr std::string_view kGrades = "ABCDF";

std::map<char, std::size_t> counts(const std::vector<Graded>& graded) {
  std::map<char, std::size_t> out;
  for (const char grade : kGrades) out[grade] = 0;
  for (const Graded& each : graded) ++out[each.grade];
  return out;
}

std::string summary(const std::vector<Graded>& graded) {
  std::string out = count_of(graded.size(), "key", "keys") + ":";
  for (const auto& [grade, count] : counts(graded)) {
    out += std::string(" ") + grade + " " + std::to_string(count) + ",";
  }
  out.back() = '.';
  return out;
}

std::string full_name(const Graded& each) {
  return each.name_space.empty() ? each.name : each.name_space + "/" + each.name;
}

// What to do first: the rules that are missed, or half of them.
std::string advice(const Graded& each) {
  std::string out;
  for (const Mark mark : {Mark::kMissed, Mark::kHalf}) {
    for (const RuleMark& rule : each.rules) {
      if (rule.mark == mark) out += (out.empty() ? "" : "; ") + rule.why;
    }
    if (!out.empty()) return out;
  }
  return out;
}

Table table_of(const AuditView& view) {
  Table table({"GRADE", "KIND", "NAME", "EXPIRY", "ONE-OFF", "LIMITS", "USED", "ROTATED", "WATCHED",
               "ADVICE"});
  std::vector<const Graded*> sorted;
  for (const Graded& each : view.graded) sorted.push_back(&each);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Graded* a, const Graded* b) { return a->points < b->points; });
  for (const Graded* each : sorted) {
    const Paint paint = each->grade <= 'B'   ? Paint::kGood
                        : each->grade == 'C' ? Paint::kWarn
                                             : Paint::kBad;
    std::vector<Cell> row = {{std::string(1, each->grade), paint}, each->kind, full_name(*each)};
    for (const RuleMark& rule : each->rules) {
      row.emplace_back(std::string(mark_name(rule.mark)), rule.mark == Mark::kMissed ? Paint::kBad
                                                          : rule.mark == Mark::kHalf
                                                              ? Paint::kWarn
                                                              : Paint::kPlain);
    }
    row.emplace_back(advice(*each));
    table.add(std::move(row));
  }
  return table;
}

}  // namespace

char worst_grade(const std::vector<Graded>& graded) {
  char out = 'A';
  for (const Graded& each : graded) out = std::max(out, each.grade);
  return out;
}

std::string audit_text(const AuditView& view, const Style& style) {
  const Table table = table_of(view);
  if (table.empty()) return "There are no keys to grade.\n";
  return table.text(style) + "\n" + summary(view.graded) + "\n";
}

std::string audit_markdown(const AuditView& view) {
  std::string out = "# Audit of NetBird setup keys\n\n" + base::format_rfc3339(view.now) + ". " +
                    summary(view.graded) + " Worst: " + worst_grade(view.graded) + ".\n\n";
  if (!view.netbird_problem.empty()) {
    out += "NetBird's own list is not in it, so hand-made keys are missing.\n\n";
  }
  out += "Each key is held against the six rules of NetBird's guide: ";
  for (std::size_t i = 0; i < kRuleNames.size(); ++i) {
    out += (i > 0 ? ", " : "") + std::string(kRuleNames[i]);
  }
  out +=
      ". A rule that is met counts 2 points, half of one 1; A from 11, B from 9, C from 7, D from "
      "5.\n\n";
  return out + table_of(view).markdown();
}

Json audit_json(const AuditView& view) {
  Json keys = Json::array();
  for (const Graded& each : view.graded) {
    Json rules = Json::array();
    for (std::size_t i = 0; i < each.rules.size(); ++i) {
      rules.push_back({{"rule", kRuleNames[i]},
                       {"met", mark_name(each.rules[i].mark)},
                       {"why", each.rules[i].why}});
    }
    Json one = {{"kind", each.kind},     {"name", each.name},
                {"keyID", each.key_id},  {"grade", std::string(1, each.grade)},
                {"points", each.points}, {"rules", std::move(rules)}};
    if (!each.name_space.empty()) one["namespace"] = each.name_space;
    keys.push_back(std::move(one));
  }
  Json grades = Json::object();
  for (const auto& [grade, count] : counts(view.graded)) grades[std::string(1, grade)] = count;
  Json out = {{"at", base::format_rfc3339(view.now)},
              {"keys", std::move(keys)},
              {"grades", std::move(grades)},
              {"worst", std::string(1, worst_grade(view.graded))},
              {"netbird", {{"available", view.netbird_problem.empty()}}}};
  if (!view.netbird_problem.empty()) out["netbird"]["problem"] = view.netbird_problem;
  return out;
}

}  // namespace nbkeys::plugin
