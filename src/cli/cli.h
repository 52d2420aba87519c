#pragma once
// The command line: `nbkeys run`, `nbkeys version`.

namespace nbkeys::cli {

// The exit code: 0 done, 1 cannot work, 2 called wrongly. Every failure is one line on standard
// error that names cause and remedy.
int run(int argc, char** argv);

}  // namespace nbkeys::cli
