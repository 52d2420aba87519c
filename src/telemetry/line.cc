#include "telemetry/line.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace nbkeys::telemetry {
namespace {

// "2026-01-31T12:00:00.123Z"
std::string timestamp(base::WallTime at) {
  std::string out = base::format_rfc3339_micro(at);
  out.erase(out.size() - 4, 3);  // milliseconds are what the clock gives
  return out;
}

bool plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 127;
  });
}

// Control characters would let a foreign text forge lines or drive a terminal.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned>(byte));
      out += hex.data();
    } else {
      out += c;
    }
  }
}

void append_value(std::string& out, std::string_view text) {
  if (plain(text)) {
    out += text;
    return;
  }
  std::string quoted;
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  out += '"';
  append_escaped(out, quoted);
  out += '"';
}

std::string text_line(const io::Note& note, base::WallTime at) {
  std::string level(severity_name(note.severity));
  std::transform(level.begin(), level.end(), level.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  level.resize(5, ' ');
  std::string out = timestamp(at) + " " + level + " " + note.event;
  if (!note.message.empty()) {
    out += ": ";
    append_escaped(out, note.message);
  }
  for (const auto& [key, value] : note.fields) {
    out += " " + key + "=";
    append_value(out, value);
  }
  return out;
}

std::string json_line(const io::Note& note, base::WallTime at) {
  nlohmann::ordered_json out;
  out["time"] = timestamp(at);
  out["level"] = severity_name(note.severity);
  out["event"] = note.event;
  if (!note.message.empty()) out["message"] = note.message;
  for (const auto& [key, value] : note.fields) {
    // A field never takes the place of one of ours.
    out[out.contains(key) ? "field_" + key : key] = value;
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string_view severity_name(io::Severity severity) {
  switch (severity) {
    case io::Severity::kTrace: return "trace";
    case io::Severity::kDebug: return "debug";
    case io::Severity::kInfo: return "info";
    case io::Severity::kWarn: return "warn";
    case io::Severity::kError: return "error";
  }
  return "error";
}

std::string format_line(const io::Note& note, base::WallTime at, Format format) {
  return format == Format::kJson ? json_line(note, at) : text_line(note, at);
}

}  // namespace nbkeys::telemetry
