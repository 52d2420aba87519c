// Foreign text on its way through: base64, percent-encoding, what is hidden, and log lines.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "base/percent.h"
#include "base/secret_text.h"
#include "fuzz/target.h"
#include "telemetry/line.h"

namespace nbkeys::fuzz {
namespace {

void packed(std::string_view text) {
  const base::SecretText there = base::base64_encode(text);
  const auto back = base::base64_decode(there.reveal());
  PROMISE(back && back->reveal() == text);
  if (const auto plain = base::base64_decode(text)) {
    PROMISE(plain->size() <= text.size());
    const base::SecretText usual = base::base64_encode(plain->reveal());
    PROMISE(usual.size() == text.size());
    const auto again = base::base64_decode(usual.reveal());
    PROMISE(again && again->reveal() == plain->reveal());
  }
  const std::string in_url = base::encode_component(text);
  PROMISE(in_url.find_first_of("/?#& \r\n+=") == std::string::npos);
  PROMISE(in_url.size() <= text.size() * 3);
}

void hidden(std::string_view text) {
  const std::string once = base::without_keys(text);
  PROMISE(base::without_keys(once) == once);
  const std::string key(kPlantedKey);
  const std::string base64_of_it(base::base64_encode(key).reveal());
  for (const std::string& secret : {key, base64_of_it}) {
    for (const std::size_t at : {std::size_t{0}, text.size() / 2, text.size()}) {
      const std::string with =
          std::string(text.substr(0, at)) + secret + std::string(text.substr(at));
      PROMISE(base::without_keys(with).find(secret) == std::string::npos);
    }
  }
}

void logged(std::string_view text) {
  const base::WallTime at{base::Duration{1'800'000'000'123}};
  const std::size_t middle = text.size() / 2;
  const io::Note note{
      io::Severity::kWarn,
      "call_failed",
      std::string(text),
      {{"name", std::string(text.substr(0, middle))}, {"code", std::string(text.substr(middle))}}};
  for (const auto format : {telemetry::Format::kText, telemetry::Format::kJson}) {
    const std::string line = telemetry::format_line(note, at, format);
    PROMISE(std::none_of(line.begin(), line.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    PROMISE(line.size() <= 300 + text.size() * 14);
  }
  const auto json =
      base::parse_json(telemetry::format_line(note, at, telemetry::Format::kJson), "test");
  PROMISE(json.ok() && base::string_or(*json, {"event"}) == "call_failed");
}

}  // namespace

FUZZ_TARGET(text) {
  packed(bytes);
  hidden(bytes);
  logged(bytes);
}

}  // namespace nbkeys::fuzz
