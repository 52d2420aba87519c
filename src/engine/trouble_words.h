#pragma once
// What a person is told about a request that failed: what was asked, what came, and whom to ask.
// Every such text is here.

#include <string>

#include "engine/observed.h"
#include "status/report.h"

namespace nbkeys::engine {

struct Words {
  status::Reason reason = status::Reason::kApiError;
  std::string message;  // without numbers that change by themselves
  bool loud = false;    // a key can enrol peers that should not
};

Words words_for(const Observed& o, const Trouble& trouble);

}  // namespace nbkeys::engine
