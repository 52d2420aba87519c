#include "kube/members.h"

#include <gtest/gtest.h>

#include <limits>

namespace nbkeys {
namespace {

// Gives each member of a value another content, down to the last string, so that a mix-up shows.
class Filler {
 public:
  template <typename T>
  requires std::integral<T>
  void fill(T& out) {
    out = std::is_same_v<T, bool> ? static_cast<T>(true) : static_cast<T>(++count_);
  }
  void fill(kube::KeyType& out) { out = kube::KeyType::kOneOff; }
  void fill(kube::DeletionPolicy& out) { out = kube::DeletionPolicy::kRetain; }
  void fill(base::Duration& out) { out = base::Duration{-(++count_)}; }
  void fill(std::string& out) { out = "text " + std::to_string(++count_) + std::string(1, '\0'); }
  template <typename T>
  void fill(std::optional<T>& out) {
    fill(out.emplace());
  }
  template <typename T>
  void fill(std::vector<T>& out) {
    out.resize(3);
    for (T& value : out) fill(value);
  }
  void fill(std::map<std::string, std::string>& out) {
    for (int i = 0; i < 3; ++i) fill(out["entry " + std::to_string(++count_)]);
  }
  template <typename T>
  requires requires(T& value) { base::Members<T>::of(value); }
  void fill(T& out) {
    std::apply([this](auto&... member) { (fill(member), ...); }, base::Members<T>::of(out));
  }

 private:
  int count_ = 1000;
};

template <typename T>
bool same(const T& a, const T& b);
template <typename T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}
template <typename T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <typename T, std::size_t... I>
bool same_members(const T& a, const T& b, std::index_sequence<I...>) {
  return (same(std::get<I>(base::Members<T>::of(a)), std::get<I>(base::Members<T>::of(b))) && ...);
}
template <typename T>
bool same(const T& a, const T& b) {
  if constexpr (requires { base::Members<T>::of(a); }) {
    using Tuple = decltype(base::Members<T>::of(a));
    return same_members(a, b, std::make_index_sequence<std::tuple_size_v<Tuple>>{});
  } else {
    return a == b;
  }
}

template <typename T>
class Packing : public ::testing::Test {};
using Kept = ::testing::Types<kube::SetupKey, kube::SecretMeta>;
TYPED_TEST_SUITE(Packing, Kept);

TYPED_TEST(Packing, EveryMemberComesBack) {
  TypeParam full;
  Filler().fill(full);
  const TypeParam back = base::Packed(full).open();
  EXPECT_TRUE(same(full, back));
  EXPECT_FALSE(same(full, TypeParam{})) << "the comparison must be able to fail";
}

TYPED_TEST(Packing, TheEmptyComesBackToo) {
  EXPECT_TRUE(same(TypeParam{}, base::Packed(TypeParam{}).open()));
}

TEST(Packing, NumbersOfAnySize) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{64},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    kube::KeySettings settings;
    settings.usage_limit = number;
    EXPECT_EQ(base::Packed(settings).open().usage_limit, number);
  }
  kube::Claim claim;
  claim.revision = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(base::Packed(claim).open().revision, claim.revision);
}

TEST(PackingDeathTest, WhatIsCutShortIsNotOpened) {
  base::Packer packer;
  packer.put(std::string("whole"));
  base::Unpacker cut(std::string_view(packer.bytes()).substr(0, 3));
  std::string out;
  EXPECT_DEATH(cut.get(out), "invariant broken");
}

}  // namespace
}  // namespace nbkeys
