#pragma once
// Checked readers for foreign JSON. nlohmann's own accessors throw or abort on a wrong type; these
// say "nothing".

#include <cstdint>
#include <functional>
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

// The same for a document that is a list, or has one as its member called `list` (none for "": the
// document itself): each element is built, shown to `visit` and let go before the next one, because
// a list as a whole takes many times the memory of its text. What is left of the document comes
// back, with the list empty. An error of `visit` ends it and is returned.
// Elements are shown before it is known whether the text is whole: they count only where this
// returns a document.
using ElementVisitor = std::function<Status(Json& element)>;
Result<Json> each_element(std::string_view text, std::string_view step, std::string_view list,
                          std::string_view skipped, const ElementVisitor& visit);

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
