#pragma once
// What an answer that is no success says about the request, in one word.

#include "base/error.h"
#include "io/http.h"

namespace nbkeys::engine {

enum class Outcome {
  kRefusedForGood,  // surely not carried out, and the same request never will be: 400, 422
  kRefusedForNow,   // surely not carried out; somebody has to change something else first
  kStale,           // the precondition did not hold: look again
  kUnknown,         // perhaps carried out
  kServersTrouble,  // surely not carried out, and no request to that server would be
};

Outcome outcome_of(const base::Error& error, io::Server server);
inline bool surely_not_carried_out(const base::Error& error, io::Server server) {
  return outcome_of(error, server) != Outcome::kUnknown;
}

}  // namespace nbkeys::engine
