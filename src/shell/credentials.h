#pragma once
// The token that goes with each request: none, a fixed one, or a file that others replace while we
// run (the rotating service-account token, a mounted Secret).

#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret_text.h"
#include "shell/files.h"

namespace nbkeys::shell {

class Token {
 public:
  Token() = default;  // none: the request carries no Authorization header
  static Token fixed(base::SecretText value);
  // `what` names the file in messages: "NetBird token file".
  static Token file(std::string path, std::string what);

  // Reads the file again where it has become another one. True where the token is another than
  // before or has come or gone.
  bool refresh();
  // The same, but reads the file in any case: the server has just refused what we have.
  bool reread();

  bool needed() const { return needed_; }
  // The token; kInvalidInput where the file is missing, empty or not a token.
  base::Result<const base::SecretText*> current() const;

 private:
  bool needed_ = false;
  std::string what_;
  std::optional<FileWatch> watch_;
  base::SecretText value_;
  std::string problem_;  // empty while the token can be used
};

// The token within a file's bytes: white space around it is dropped; anything but one line of
// printable characters is an error that does not quote it.
base::Result<base::SecretText> token_in(const base::SecretText& bytes);

}  // namespace nbkeys::shell
