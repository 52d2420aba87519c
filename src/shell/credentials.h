#pragma once
// The token that goes with each request: none, a fixed one, or a file that others replace while we
// run (the rotating service-account token, a mounted Secret).

#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret_text.h"
#include "shell/files.h"
#include "shell/token_text.h"

namespace nbkeys::shell {

class Token {
 public:
  Token() = default;  // none: the request carries no Authorization header
  // `what` names where it stands, in messages: "the token of the kubeconfig user 'me'".
  // kInvalidInput where the bytes hold no token.
  static base::Result<Token> fixed(const base::SecretText& bytes, const std::string& what);
  // `what` names the file in messages: "NetBird token file".
  static Token file(std::string path, std::string what);

  // Reads the file again where it has become another one. True where the token is another than
  // before or has come or gone, or is missing for another reason.
  bool refresh();
  // The same, but reads the file in any case: the server has just refused what we have.
  bool reread();

  bool needed() const { return needed_; }
  // The token; kInvalidInput where the file is missing, empty or not a token.
  base::Result<const base::SecretText*> current() const;
  // True where the file is there but holds nothing yet: what is meant may still come.
  bool awaited() const { return awaited_; }
  // For the log: what had to be taken off around the token; empty where nothing had to.
  const std::string& remark() const { return remark_; }

 private:
  static std::string remark_on(const std::string& what, const TokenText& read);

  bool needed_ = false;
  std::string what_;
  std::optional<FileWatch> watch_;
  base::SecretText value_;
  std::string problem_;  // empty while the token can be used
  std::string remark_;
  bool awaited_ = false;
};

}  // namespace nbkeys::shell
