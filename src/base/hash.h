#pragma once
// SHA-256 by OpenSSL, and base64 as Secrets carry it.

#include <optional>
#include <string>
#include <string_view>

#include "base/secret_text.h"

namespace nbkeys::base {

std::string sha256_hex(std::string_view bytes);  // 64 lower-case hex digits

SecretText base64_encode(std::string_view bytes);
// Standard alphabet with padding; nothing for anything else.
std::optional<SecretText> base64_decode(std::string_view text);

}  // namespace nbkeys::base
