#include "kube/same_status.h"

#include <algorithm>
#include <utility>

#include "kube/members.h"

namespace nbkeys::kube {
namespace {

template <typename T>
bool same(const T& a, const T& b);

bool same(const base::WallTime& a, const base::WallTime& b) {
  const auto seconds = [](const base::WallTime& t) {
    return std::chrono::floor<std::chrono::seconds>(t.since_epoch);
  };
  return seconds(a) == seconds(b);
}
template <typename T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}
bool same(const Binding& a, const Binding& b) {
  if (a.name.empty() && b.name.empty()) return true;
  return a.name == b.name && a.uid == b.uid;
}

template <typename Tuple, std::size_t... I>
bool same_each(const Tuple& a, const Tuple& b, std::index_sequence<I...>) {
  return (same(std::get<I>(a), std::get<I>(b)) && ...);
}
template <typename T>
bool same(const T& a, const T& b) {
  if constexpr (requires { base::Members<T>::of(a); }) {
    const auto left = base::Members<T>::of(a);
    return same_each(left, base::Members<T>::of(b),
                     std::make_index_sequence<std::tuple_size_v<decltype(left)>>{});
  } else {
    return a == b;
  }
}

}  // namespace

bool same_status(const KeyStatus& a, const KeyStatus& b) { return same(a, b); }

}  // namespace nbkeys::kube
