#pragma once
// The flags of the verbs that people call (`nbkeys list`, `kubectl nbkeys rotate`), parsed and
// checked. No file is read here.

#include <string>
#include <string_view>

#include "plugin/request.h"

namespace nbkeys::cli {

struct VerbCall {
  enum class What { kRun, kPrint, kUsageError };
  What what = What::kUsageError;
  std::string text;  // to print: help or a completion script, or the line of a usage error
  plugin::Request request;
};

// True where the command line is one of the verbs, or the program was called as kubectl-nbkeys.
bool is_verb_call(int argc, const char* const* argv);

VerbCall parse_verb(int argc, const char* const* argv);

}  // namespace nbkeys::cli
