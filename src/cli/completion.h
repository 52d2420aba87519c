#pragma once
// Completion scripts for bash, zsh and fish, made from the flags themselves, so that they cannot
// fall behind them.

#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace nbkeys::cli {

// `plugin`: the program is called as kubectl-nbkeys. kInvalidInput for another shell.
base::Result<std::string> completion_script(const CLI::App& app, const std::string& shell,
                                            bool plugin);

}  // namespace nbkeys::cli
