#include "cli/cli.h"

int main(int argc, char** argv) { return nbkeys::cli::run(argc, argv); }
