#pragma once
// Checked readers for foreign JSON. nlohmann's own accessors throw or abort on a wrong type; these
// say "nothing".

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace nbkeys::base {

using Json = nlohmann::json;

// kMalformed where the text is not JSON, or is nested or split up beyond all reason. `step` says
// whose text it was; the text itself is never quoted.
// Members called `skipped` are left out, wherever they are.
Result<Json> parse_json(std::string_view text, std::string_view step,
                        std::string_view skipped = "");

// UTF-8 that is broken is replaced, so this cannot throw.
std::string dump_json(const Json& value);

// The value at a path of object keys, or null where any step is missing or not an object.
const Json* find(const Json& value, std::initializer_list<std::string_view> path);

std::optional<std::string> string_at(const Json& value,
                                     std::initializer_list<std::string_view> path);
std::string string_or(const Json& value, std::initializer_list<std::string_view> path,
                      std::string_view fallback = "");
// Integers only; nothing for fractions and for values beyond 64 bits.
std::optional<std::int64_t> int_at(const Json& value, std::initializer_list<std::string_view> path);
bool bool_or(const Json& value, std::initializer_list<std::string_view> path, bool fallback);
std::optional<WallTime> time_at(const Json& value, std::initializer_list<std::string_view> path);

// The JSON merge patch (RFC 7386) that turns `from` into `to`; an empty object where they are
// equal.
Json merge_patch(const Json& from, const Json& to);

}  // namespace nbkeys::base
