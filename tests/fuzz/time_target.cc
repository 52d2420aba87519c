// Moments and durations as servers and users write them.

#include "base/time.h"
#include "fuzz/target.h"
#include "shell/http_date.h"

namespace nbkeys::fuzz {
namespace {

constexpr base::Duration kDay{86'400'000};

void moment(std::string_view text) {
  const auto at = base::parse_rfc3339(text);
  if (!at) return;
  // Years 1 to 9999, give or take the offset.
  PROMISE(at->since_epoch.count() > -62'135'683'200'000 - kDay.count());
  PROMISE(at->since_epoch.count() < 253'402'300'800'000 + kDay.count());
  const auto again = base::parse_rfc3339(base::format_rfc3339_micro(*at));
  // An offset can lead out of the years that have four digits.
  const bool inside = at->since_epoch.count() >= -62'135'596'800'000 &&
                      at->since_epoch.count() < 253'402'300'800'000;
  PROMISE(!inside || (again && *again == *at));
  const std::string whole = base::format_rfc3339(*at);
  const auto rounded = base::parse_rfc3339(whole);
  PROMISE(!inside || (rounded && *at - *rounded < base::Duration{1000} && *rounded <= *at));
  PROMISE(!rounded || base::format_rfc3339(*rounded) == whole);
}

void duration(std::string_view text) {
  const auto length = base::parse_duration(text);
  if (!length) return;
  PROMISE(length->count() >= 0 && *length <= kDay * 36'500);
  const std::string shown = base::format_duration(*length);
  const auto again = base::parse_duration(shown);
  PROMISE(again && *again == *length);
  PROMISE(base::format_duration(*again) == shown);
}

void headers(std::string_view text) {
  const base::WallTime now{base::Duration{1'800'000'000'000}};
  if (const auto date = shell::parse_http_date(text)) moment(base::format_rfc3339(*date));
  const auto wait = shell::parse_retry_after(text, std::nullopt, now);
  PROMISE(!wait || (wait->count() >= 0 && *wait <= kDay));
  const auto by_server = shell::parse_retry_after(text, base::WallTime{}, now);
  PROMISE(!by_server || (by_server->count() >= 0 && *by_server <= kDay));
  PROMISE(wait.has_value() == by_server.has_value());
}

}  // namespace

FUZZ_TARGET(time) {
  moment(bytes);
  duration(bytes);
  headers(bytes);
}

}  // namespace nbkeys::fuzz
