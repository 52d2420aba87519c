#include "shell/credentials.h"

#include <algorithm>
#include <utility>

namespace nbkeys::shell {
namespace {

constexpr std::size_t kTokenBytesMax = 64u << 10;

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read token", std::move(message)};
}

}  // namespace

base::Result<base::SecretText> token_in(const base::SecretText& bytes) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::string_view text = bytes.reveal();
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return bad("it is empty");
  text = text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
  const auto printable = [](char c) { return c > ' ' && c < 127; };
  if (!std::all_of(text.begin(), text.end(), printable)) {
    return bad("it does not hold one token on one line");
  }
  base::SecretText token;
  token.append(text);
  return token;
}

Token Token::fixed(base::SecretText value) {
  Token out;
  out.needed_ = true;
  out.value_ = std::move(value);
  return out;
}

Token Token::file(std::string path, std::string what) {
  Token out;
  out.needed_ = true;
  out.what_ = std::move(what);
  out.watch_.emplace(std::move(path));
  out.reread();
  return out;
}

bool Token::refresh() { return watch_ && watch_->changed() && reread(); }

bool Token::reread() {
  if (!watch_) return false;
  const bool had = problem_.empty();
  auto bytes = read_file(watch_->path(), kTokenBytesMax);
  auto token = bytes ? token_in(*bytes) : base::Result<base::SecretText>(bytes.error());
  if (!token) {
    const std::string& cause = token.error().message;
    problem_ = bytes ? "the " + what_ + " " + watch_->path() + " cannot be used: " + cause
                     : "the " + what_ + ": " + cause;
    value_ = {};
    return had;
  }
  problem_.clear();
  const bool other = value_.reveal() != token->reveal();
  value_ = std::move(*token);
  return other || !had;
}

base::Result<const base::SecretText*> Token::current() const {
  if (!problem_.empty()) return bad(problem_);
  return &value_;
}

}  // namespace nbkeys::shell
