#pragma once
// Answers of the Kubernetes API: the body of a success, or the Error that a metav1.Status tells.

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "io/http.h"

namespace nbkeys::kube {

// The answer where it is 2xx; else an Error with the server's own message (bounded).
base::Result<io::HttpResponse> accept_response(io::HttpOutcome outcome, std::string_view step);

// The same for a status and the text of a body, as watches have them.
base::Error status_error(int http_status, std::string_view body, std::string_view step);

}  // namespace nbkeys::kube
