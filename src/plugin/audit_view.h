#pragma once
// The audit's report as table, Markdown and JSON. Pure.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "plugin/grades.h"
#include "plugin/style.h"

namespace nbkeys::plugin {

struct AuditView {
  std::vector<Graded> graded;
  std::string netbird_problem;  // empty where NetBird's keys are in it
  base::WallTime now;
};

// The worst grade; 'A' where nothing was graded.
char worst_grade(const std::vector<Graded>& graded);

std::string audit_text(const AuditView& view, const Style& style);
std::string audit_markdown(const AuditView& view);
nlohmann::json audit_json(const AuditView& view);

}  // namespace nbkeys::plugin
