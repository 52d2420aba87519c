#pragma once
// The files by which others find the sandbox: kubeconfigs, tokens and addresses.

#include <string>

#include "sandbox/front.h"

namespace nbkeys::sandbox {

Tokens make_tokens();

struct Addresses {
  unsigned short kube_port = 0;
  unsigned short netbird_port = 0;
};

// Writes into the folder, which is made where it is missing, and returns what sandbox.json holds.
// Throws std::runtime_error where a file cannot be written.
Json write_state(const std::string& folder, const Addresses& addresses, const Tokens& tokens);

}  // namespace nbkeys::sandbox
