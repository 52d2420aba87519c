#include "kube/pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/percent.h"
#include "kube/responses.h"

namespace nbkeys::kube {
namespace {

constexpr int kLimitMax = 500;
// A page that is no fuller than this may double and still have half of its bound to spare.
constexpr std::size_t kRoomy = kObjectBytesMax / 4;

}  // namespace

Pages::Pages(Collection collection, std::string selector)
    : collection_(std::move(collection)),
      selector_(std::move(selector)),
      step_(collection_.resource == Collection::Resource::kSecrets ? "list Secrets"
                                                                   : "list SetupKeys"),
      limit_(kLimitMax),
      limit_max_(kLimitMax) {}

io::HttpRequest Pages::begin() {
  continue_.clear();
  return ask();
}

io::HttpRequest Pages::ask() {
  io::HttpRequest out = list_request(collection_, limit_, continue_);
  if (!selector_.empty()) out.path += "&labelSelector=" + base::encode_component(selector_);
  return out;
}

base::Result<Pages::Next> Pages::take(io::HttpOutcome outcome, const base::ElementVisitor& visit) {
  smaller_may_do_ = false;
  const int status = outcome ? outcome->status : 0;
  auto response = accept_response(std::move(outcome), step_);
  if (!response) return failed(response.error(), status);
  auto rest = parse_list(response->body.reveal(), step_, visit);
  if (!rest) return rest.error();
  return next(*rest, response->body.size());
}

base::Result<Pages::Next> Pages::failed(const base::Error& error, int status) {
  constexpr int kGatewayTimeout = 504;
  const bool too_large = error.code == base::ErrorCode::kTooLarge;
  const bool too_late = error.code == base::ErrorCode::kUnknown || status == kGatewayTimeout;
  if (limit_ == 1 || !(too_large || too_late)) return error;
  limit_ /= 2;
  // The same place again: a token holds for any limit.
  if (too_large) return Next(ask());
  limit_max_ = limit_;
  smaller_may_do_ = true;
  return error;
}

base::Result<Pages::Next> Pages::next(const nlohmann::json& rest, std::size_t bytes) {
  std::string version = base::string_or(rest, {"metadata", "resourceVersion"});
  // JSON that is no list (a proxy's own page, say) proves nothing about what is absent.
  const auto* items = base::find(rest, {"items"});
  const bool no_list = items != nullptr && !items->is_array() && !items->is_null();
  if (version.empty() || no_list) {
    return base::Error{base::ErrorCode::kMalformed, step_, "the answer is not a list of objects"};
  }
  if (bytes <= kRoomy) limit_ = std::min(limit_ * 2, limit_max_);
  continue_ = base::string_or(rest, {"metadata", "continue"});
  if (!continue_.empty()) return Next(ask());
  limit_max_ = std::min(limit_max_ * 2, kLimitMax);
  return Next(Ended{std::move(version)});
}

}  // namespace nbkeys::kube
