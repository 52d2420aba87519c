#pragma once
// One log line, made from a note: as text for people, or as JSON for machines.

#include <string>

#include "base/time.h"
#include "io/command.h"

namespace nbkeys::telemetry {

enum class Format { kText, kJson };

// Without a line end; never more than one line, whatever the note holds.
std::string format_line(const io::Note& note, base::WallTime at, Format format);

std::string_view severity_name(io::Severity severity);  // "trace" .. "error"

}  // namespace nbkeys::telemetry
