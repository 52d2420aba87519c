#include "shell/token_text.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/trim.h"

namespace nbkeys::shell {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::string_view kLittleMark = "\xff\xfe", kBigMark = "\xfe\xff";
// Of NetBird's access tokens; by it base64 around one can be told from a token of another make.
constexpr std::string_view kNetBirdPrefix = "nbp_";

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read token", std::move(message)};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// `word` is in lower case.
bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char a, char b) { return a == lower(b); });
}

// The text of a file in UTF-16, as Windows PowerShell writes it; nothing where it is not, or holds
// more than ASCII.
std::optional<base::SecretText> from_utf16(std::string_view bytes) {
  const bool little = bytes.starts_with(kLittleMark);
  if (!little && !bytes.starts_with(kBigMark)) return std::nullopt;
  base::SecretText out;
  for (std::size_t i = 2; i + 1 < bytes.size(); i += 2) {
    if (bytes[i + (little ? 1 : 0)] != '\0') return std::nullopt;
    out.append(bytes.substr(i + (little ? 0 : 1), 1));
  }
  return out;
}

// Takes quotes, or the word before a token in a header, off its ends. Says what; nothing where
// there is nothing of that kind.
std::string_view take_off_one(std::string_view& text) {
  for (const char quote : {'"', '\'', '`'}) {
    if (text.size() < 2 || text.front() != quote || text.back() != quote) continue;
    text = base::trimmed(text.substr(1, text.size() - 2), kSpace);
    return "quotes";
  }
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"authorization:", "the word Authorization"},
      {"token", "the word Token"},
      {"bearer", "the word Bearer"}};
  for (const auto& [word, name] : kWords) {
    if (!begins_with(text, word)) continue;
    const std::string_view rest = text.substr(word.size());
    // Without a blank after it the word is a part of the token.
    if (!word.ends_with(':') && (rest.empty() || rest.find_first_of(kSpace) != 0)) continue;
    text = base::trimmed(rest, kSpace);
    return name;
  }
  return {};
}

// What was taken off, each kind once.
using TakenOff = std::vector<std::string_view>;

void add(TakenOff& list, std::string_view what) {
  if (std::find(list.begin(), list.end(), what) == list.end()) list.push_back(what);
}

base::Status check(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c < 127; };
  if (text.empty()) return bad("it is empty");
  if (std::all_of(text.begin(), text.end(), printable)) return base::Done{};
  if (text.find_first_of("\r\n") != std::string_view::npos) {
    return bad("it does not hold one token on one line, but several lines");
  }
  if (text.find_first_of(kSpace) != std::string_view::npos) {
    return bad("it does not hold one token on one line, but several words");
  }
  return bad("it holds bytes that no token has; is it plain text?");
}

std::optional<base::SecretText> from_base64(std::string_view text) {
  base::SecretText packed;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    packed.append(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return base::base64_decode(packed.reveal());
}

base::Result<base::SecretText> unwrapped(std::string_view text, TakenOff& taken_off) {
  base::SecretText held;
  if (text.starts_with(kUtf8Mark)) {
    text.remove_prefix(kUtf8Mark.size());
    add(taken_off, "a byte order mark");
  } else if (auto narrow = from_utf16(text)) {
    held = std::move(*narrow);
    text = held.reveal();
    add(taken_off, "UTF-16");
  }
  text = base::trimmed(text, kSpace);
  for (std::string_view what = take_off_one(text); !what.empty(); what = take_off_one(text)) {
    add(taken_off, what);
  }
  if (!text.empty() && !text.starts_with(kNetBirdPrefix)) {
    if (const auto unpacked = from_base64(text)) {
      TakenOff further = taken_off;
      add(further, "base64");
      auto inside = unwrapped(unpacked->reveal(), further);
      if (inside && inside->reveal().starts_with(kNetBirdPrefix)) {
        taken_off = std::move(further);
        return inside;
      }
    }
  }
  if (base::Status sound = check(text); !sound) return sound.error();
  base::SecretText out;
  out.append(text);
  return out;
}

}  // namespace

base::Result<TokenText> read_token(const base::SecretText& bytes) {
  TakenOff taken_off;
  auto value = unwrapped(bytes.reveal(), taken_off);
  if (!value) return value.error();
  TokenText out{std::move(*value), ""};
  for (const std::string_view what : taken_off) {
    out.taken_off += out.taken_off.empty() ? "" : ", ";
    out.taken_off += what;
  }
  return out;
}

}  // namespace nbkeys::shell
