#include "engine/telling.h"

#include <algorithm>
#include <functional>
#include <string>

namespace nbkeys::engine {
namespace {

constexpr base::BackoffBounds kRepeats{base::Duration{1'000}, base::Duration{285'000}};
// What is said again after so long contradicts nobody.
constexpr base::Duration kQuiet{600'000};

// Of what a person reads; times change with each write.
std::size_t digest_of(const std::vector<kube::Condition>& conditions) {
  std::string text;
  for (const kube::Condition& c : conditions) {
    text += c.type + (c.status ? "+" : "-") + c.reason + "\n" + c.message + "\n";
  }
  return std::hash<std::string>{}(text);
}

}  // namespace

bool Telling::said_before(std::size_t digest) const {
  return std::find(said_.begin(), said_.end(), digest) != said_.end();
}

std::optional<base::Instant> Telling::hold(const std::vector<kube::Condition>& conditions,
                                           base::Instant now) const {
  if (!backoff_.holds(now) || !said_before(digest_of(conditions))) return std::nullopt;
  return backoff_.until;
}

void Telling::said(const std::vector<kube::Condition>& before,
                   const std::vector<kube::Condition>& conditions, base::Instant now) {
  const std::size_t digest = digest_of(conditions);
  if (digest == digest_of(before)) return;
  if (said_before(digest)) {
    if (backoff_.until && now - *backoff_.until > kQuiet) backoff_ = {};
    backoff_.failed(now, kRepeats);
    std::erase(said_, digest);
  }
  said_.push_back(digest);
  if (said_.size() > kRemembered) said_.erase(said_.begin());
}

}  // namespace nbkeys::engine
