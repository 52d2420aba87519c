#include "cli/cli.h"

#include <unistd.h>

#include <cstdio>

#include "cli/cleanup.h"
#include "cli/harden.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/verbs.h"
#include "plugin/verbs.h"

namespace nbkeys::cli {
namespace {

int print(const std::string& text) { return std::puts(text.c_str()) >= 0 ? 0 : 1; }

int refuse(const std::string& line) {
  std::fprintf(stderr, "nbkeys: %s\n", line.c_str());
  return 2;
}

int run_verb(int argc, char** argv) {
  const VerbCall call = parse_verb(argc, argv);
  switch (call.what) {
    case VerbCall::What::kPrint: return print(call.text);
    case VerbCall::What::kUsageError: return refuse(call.text);
    case VerbCall::What::kRun: break;
  }
  harden_process();
  const auto code = static_cast<int>(plugin::run(call.request));
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  // Not through static destructors: callbacks of the network library may still be running.
  _exit(written || code != 0 ? code : 1);
}

int run_cleanup_verb(int argc, char** argv) {
  const int code = cleanup(argc, argv);
  std::fflush(nullptr);
  // Not through static destructors, as above.
  _exit(code);
}

}  // namespace

int run(int argc, char** argv) {
  if (is_cleanup_call(argc, argv)) return run_cleanup_verb(argc, argv);
  if (is_verb_call(argc, argv)) return run_verb(argc, argv);
  const Parsed parsed = parse(argc, argv);
  switch (parsed.what) {
    case Parsed::What::kPrint: return print(parsed.text);
    case Parsed::What::kUsageError: return refuse(parsed.text);
    case Parsed::What::kRun: break;
  }
  harden_process();
  return run_operator(parsed.run);
}

}  // namespace nbkeys::cli
