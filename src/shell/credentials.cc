#include "shell/credentials.h"

#include <string_view>
#include <utility>

namespace nbkeys::shell {
namespace {

constexpr std::size_t kTokenBytesMax = 64u << 10;

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read token", std::move(message)};
}

}  // namespace

std::string Token::remark_on(const std::string& what, const TokenText& read) {
  if (read.taken_off.empty()) return "";
  return what + " is used without what stands around it (" + read.taken_off + ")";
}

base::Result<Token> Token::fixed(const base::SecretText& bytes, const std::string& what) {
  auto read = read_token(bytes);
  if (!read) return bad(what + " cannot be used: " + read.error().message);
  Token out;
  out.needed_ = true;
  out.value_ = std::move(read->value);
  out.remark_ = remark_on(what, *read);
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
  auto token = bytes ? read_token(*bytes) : base::Result<TokenText>(bytes.error());
  const std::string named = "the " + what_ + " " + watch_->path();
  awaited_ =
      bytes && bytes->reveal().find_first_not_of(" \t\r\n\xef\xbb\xbf") == std::string_view::npos;
  if (!token) {
    const std::string& cause = token.error().message;
    std::string problem =
        bytes ? named + " cannot be used: " + cause : "the " + what_ + ": " + cause;
    remark_.clear();
    value_ = {};
    return std::exchange(problem_, problem) != problem;
  }
  problem_.clear();
  remark_ = remark_on("the token in " + named, *token);
  const bool other = value_.reveal() != token->value.reveal();
  value_ = std::move(token->value);
  return other || !had;
}

base::Result<const base::SecretText*> Token::current() const {
  if (!problem_.empty()) return bad(problem_);
  return &value_;
}

}  // namespace nbkeys::shell
