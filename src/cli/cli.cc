#include "cli/cli.h"

#include <cstdio>

#include "cli/harden.h"
#include "cli/options.h"
#include "cli/run.h"

namespace nbkeys::cli {

int run(int argc, char** argv) {
  const Parsed parsed = parse(argc, argv);
  switch (parsed.what) {
    case Parsed::What::kPrint: return std::puts(parsed.text.c_str()) >= 0 ? 0 : 1;
    case Parsed::What::kUsageError:
      std::fprintf(stderr, "nbkeys: %s\n", parsed.text.c_str());
      return 2;
    case Parsed::What::kRun: break;
  }
  harden_process();
  return run_operator(parsed.run);
}

}  // namespace nbkeys::cli
