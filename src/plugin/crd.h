#pragma once
// Our CRD as this binary was built with it. Its text lies in the binary's read-only pages, which
// cost the operator no memory; it is parsed only where a verb asks.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace nbkeys::plugin {

extern const char kCrdText[];

// The built-in CRD's openAPIV3Schema.
base::Result<base::Json> built_in_schema();

// The openAPIV3Schema of v1alpha1 in any CRD object; null where there is none.
const base::Json* schema_of(const base::Json& crd);

// What two schemas differ in, as the path of the first difference; empty where they are the same.
// Descriptions do not count.
std::string first_difference(const base::Json& mine, const base::Json& theirs);

// A short digest of a schema without its descriptions.
std::string schema_digest(const base::Json& schema);

}  // namespace nbkeys::plugin
