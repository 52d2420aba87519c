#include "plugin/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "kube/refused.h"
#include "plugin/crd.h"
#include "plugin/manifest.h"
#include "plugin/yaml.h"
#include "shell/files.h"

namespace nbkeys::plugin {
namespace {

using base::Json;
using testing::HasSubstr;

std::filesystem::path fixtures() {
  return std::filesystem::path(NBKEYS_SOURCES) / "tests/fixtures/cel";
}

void collect(const Json& schema, std::vector<Json>& out) {
  if (schema.is_array()) {
    for (const Json& each : schema) collect(each, out);
  }
  if (!schema.is_object()) return;
  for (auto it = schema.begin(); it != schema.end(); ++it) {
    if (it.key() == "x-kubernetes-validations") {
      out.insert(out.end(), it->begin(), it->end());
    } else {
      collect(*it, out);
    }
  }
}

std::vector<Json> rules_of_crd() {
  std::vector<Json> out;
  const auto schema = built_in_schema();
  if (schema) collect(*schema, out);
  return out;
}

TEST(Rules, CoverEveryRuleOfTheCrdAsItIsNow) {
  const auto rules = rules_of_crd();
  ASSERT_GE(rules.size(), 20u);
  std::set<std::string_view> used;
  for (const Json& each : rules) {
    const std::string message = base::string_or(each, {"message"});
    const Rule* rule = find_rule(message);
    ASSERT_NE(rule, nullptr) << "no C++ check for the rule: " << message;
    EXPECT_TRUE(used.insert(rule->name).second) << rule->name << " serves two rules";
    EXPECT_EQ(base::sha256_hex(base::string_or(each, {"rule"})).substr(0, 12), rule->cel_digest)
        << "the CEL of '" << rule->name << "' has changed: look at its C++ check, too";
  }
  EXPECT_EQ(used.size(), all_rules().size()) << "a C++ check is left of a rule that is gone";
}

std::string quoted(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "'" : ", '") + text + "'";
  return "[" + out + "]";
}

// In CEL: whether the name `self` has a place on the list of kube/refused.h.
std::string refused_in_cel(kube::Part part, const std::string& self) {
  std::vector<std::string> names, pairs, domains, beginnings;
  for (const kube::Refusal& each : kube::refusals()) {
    if (!kube::refuses(each, part)) continue;
    const std::string entry(each.entry);
    if (entry.ends_with('/')) {
      domains.push_back("." + entry);
    } else if (entry.ends_with('.')) {
      beginnings.push_back(entry);
    } else {
      (entry.find('=') == std::string::npos ? names : pairs).push_back(entry);
    }
  }
  std::string out;
  if (!names.empty()) out += self + " in " + quoted(names) + " || ";
  if (!pairs.empty()) out += self + " + '=' + self[" + self + "] in " + quoted(pairs) + " || ";
  if (!beginnings.empty()) return quoted(beginnings) + ".exists(b, " + self + ".startsWith(b))";
  return out + quoted(domains) + ".exists(d, ('.' + " + self + ").contains(d))";
}

// What the CRD has to hold on `message`.
void expect_rule(const std::string& message, const std::string& rule,
                 const std::string& message_expression) {
  for (const Json& each : rules_of_crd()) {
    if (base::string_or(each, {"message"}) != message) continue;
    EXPECT_EQ(base::string_or(each, {"rule"}), rule);
    EXPECT_EQ(base::string_or(each, {"messageExpression"}), message_expression);
    return;
  }
  ADD_FAILURE() << "the CRD has no rule '" << message << "': " << rule;
}

TEST(Rules, OnWhatOtherSoftwareTakesForItsOwnAreMadeOfTheOneList) {
  const std::string taken =
      " by which other software takes the Secret for its own cannot be given here";
  for (const auto& [part, word] : {std::pair{kube::Part::kLabel, "a label"},
                                   std::pair{kube::Part::kAnnotation, "an annotation"}}) {
    const std::string refused = refused_in_cel(part, "k");
    expect_rule(word + taken, "!self.exists(k, " + refused + ")",
                "'" + (word + taken) + ": ' + self.filter(k, " + refused + ")[0]");
  }
  expect_rule("a name" + taken,
              "(has(self.status.observedGeneration) && self.status.observedGeneration != -1) || !" +
                  refused_in_cel(kube::Part::kName,
                                 "(has(self.spec.secretName) ? self.spec.secretName : "
                                 "self.metadata.name)"),
              "");
  expect_rule("a type" + taken, "!(" + refused_in_cel(kube::Part::kType, "self") + ")", "");
}

// What judging all documents of a fixture in turn says.
std::string complaints(const std::string& text) {
  const auto schema = built_in_schema();
  const auto documents = parse_yaml(text);
  if (!schema || !documents) return "cannot be read";
  std::string out;
  Json before;
  for (const Json& document : *documents) {
    const Judged judged = judge_manifest(*schema, document, before.is_null() ? nullptr : &before);
    for (const Finding& f : judged.findings) out += f.path + ": " + f.message + "\n";
    before = judged.object;
  }
  return out;
}

TEST(Rules, AgreeWithTheServerOnEveryFixture) {
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fixtures())) {
    const auto bytes = shell::read_file(entry.path().string(), 1u << 20);
    ASSERT_TRUE(bytes) << entry.path();
    const std::string text(bytes->reveal());
    const std::string first = text.substr(0, text.find('\n'));
    const std::string said = complaints(text);
    ++seen;
    if (first == "# accept") {
      EXPECT_EQ(said, "") << entry.path().filename();
    } else {
      const std::size_t colon = first.find(": ");
      ASSERT_NE(colon, std::string::npos) << entry.path();
      EXPECT_THAT(said, HasSubstr(first.substr(colon + 2))) << entry.path().filename();
    }
  }
  EXPECT_GE(seen, 116u);
}

TEST(Rules, DurationsBeyondWhatCelHoldsAreRefused) {
  const Json spec = {{"expiresIn", "0"}};
  EXPECT_FALSE(find_rule("expiresIn must be between")->holds("99999999h99999999h", nullptr));
  EXPECT_TRUE(find_rule("expiresIn must be between")->holds("0", nullptr));
  EXPECT_TRUE(
      find_rule("rotation.renewBefore must be at least an hour shorter")->holds(spec, nullptr));
}

}  // namespace
}  // namespace nbkeys::plugin
