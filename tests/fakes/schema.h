#pragma once
// A structural schema of a CustomResourceDefinition, as the API server applies it: pruning,
// defaulting and validation of types, enums, bounds and patterns. CEL rules are not evaluated:
// those are shown on the real server.

#include <string>
#include <vector>

#include "fakes/json.h"

namespace nbkeys::fakes {

class Schema {
 public:
  // Reads the first version's schema of a CRD manifest. Throws where the file cannot be used.
  static Schema from_crd(const std::string& file);

  void prune(Json& object) const;
  void apply_defaults(Json& object) const;
  // What is wrong, as "spec.type: Unsupported value: ..."; empty where nothing is.
  std::vector<std::string> validate(const Json& object) const;

 private:
  explicit Schema(Json root) : root_(std::move(root)) {}

  Json root_;
};

}  // namespace nbkeys::fakes
