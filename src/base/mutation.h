#pragma once
// Deliberate bugs that the model check must catch. MUTATION(name) is false, and costs nothing,
// unless a test build defines NBKEYS_MUTATIONS; there one at a time is switched on.

#ifdef NBKEYS_MUTATIONS
#include <string_view>
namespace nbkeys::base {
bool mutated(std::string_view name);  // defined by the tests
}
#define MUTATION(name) (::nbkeys::base::mutated(#name))
#else
#define MUTATION(name) (false)
#endif
