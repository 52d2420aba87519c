#pragma once
// What this process asks of the kernel and the allocator before it does anything else.

namespace nbkeys::cli {

// No core dumps (they would hold keys), no SIGPIPE, and an allocator that gives memory back.
void harden_process();

}  // namespace nbkeys::cli
