#pragma once
// A token as people put it into files, Secrets and kubeconfigs: with a byte order mark, in quotes,
// with the word that goes before it in a header, encoded once too often. Understood where there is
// one meaning, else refused in words that never quote it.

#include <string>

#include "base/result.h"
#include "base/secret_text.h"

namespace nbkeys::shell {

struct TokenText {
  base::SecretText value;  // printable, without blanks: fit for a header
  // What was taken off around it, for the log; empty where it stood there as it should. White space
  // and line ends around it are usual.
  std::string taken_off;
};

base::Result<TokenText> read_token(const base::SecretText& bytes);

}  // namespace nbkeys::shell
