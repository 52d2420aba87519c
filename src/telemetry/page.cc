#include "telemetry/page.h"

#include <array>
#include <charconv>

namespace nbkeys::telemetry {
namespace {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kGauge: return "gauge";
    case Kind::kCounter: return "counter";
    case Kind::kHistogram: return "histogram";
  }
  return "untyped";
}

void append_number(std::string& out, double value) {
  std::array<char, 32> digits{};
  // Times since the epoch are whole and long; the shortest form would round-trip but not be read.
  const bool whole = value > -1e15 && value < 1e15 &&
                     value == static_cast<double>(static_cast<std::int64_t>(value));
  const auto end =
      whole ? std::to_chars(digits.begin(), digits.end(), static_cast<std::int64_t>(value))
            : std::to_chars(digits.begin(), digits.end(), value);
  out.append(digits.data(), end.ptr);
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("=\"");
  append_escaped(out, value);
  out += '"';
}

}  // namespace

void Page::family(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help);
  text_.append("\n# TYPE ").append(name).append(" ").append(kind_name(kind)).append("\n");
}

void Page::line(std::string_view suffix, Labels labels, std::string_view bound, double value) {
  text_.append(name_).append(suffix);
  char before = '{';
  for (const auto& [name, text] : labels) {
    text_ += std::exchange(before, ',');
    append_label(text_, name, text);
  }
  if (!bound.empty()) {
    text_ += std::exchange(before, ',');
    append_label(text_, "le", bound);
  }
  if (before == ',') text_ += '}';
  text_ += ' ';
  append_number(text_, value);
  text_ += '\n';
}

void Page::sample(Labels labels, double value) { line("", labels, "", value); }

void Page::histogram(Labels labels, const io::Durations& durations) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < io::Durations::kBoundsMs.size(); ++i) {
    total += durations.counts[i];
    std::string bound;
    append_number(bound, static_cast<double>(io::Durations::kBoundsMs[i]) / 1000.0);
    line("_bucket", labels, bound, static_cast<double>(total));
  }
  total += durations.counts.back();
  line("_bucket", labels, "+Inf", static_cast<double>(total));
  line("_sum", labels, "", static_cast<double>(durations.sum_ms) / 1000.0);
  line("_count", labels, "", static_cast<double>(total));
}

}  // namespace nbkeys::telemetry
