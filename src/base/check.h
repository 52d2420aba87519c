#pragma once
// CHECK(condition): a broken invariant of our own ends the process, in release too: a restart
// observes the world afresh, which is safer than going on with state that is known to be wrong.
// Never prints values, which might hold key material.

namespace nbkeys::base {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace nbkeys::base

#define CHECK(condition)              \
  ((condition) ? static_cast<void>(0) \
               : ::nbkeys::base::check_failed(#condition, __FILE__, __LINE__))
