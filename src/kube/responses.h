#pragma once
// Answers of the Kubernetes API: the body of a success, or the Error that a metav1.Status tells.

#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "io/http.h"

namespace nbkeys::kube {

// The answer where it is 2xx; else an Error with the server's own message (bounded).
base::Result<io::HttpResponse> accept_response(io::HttpOutcome outcome, std::string_view step);

// The same for a write of a Secret that holds `value`; nothing where that is not known. A server
// may quote what it refuses ("invalid character 'D'"), so of a refused value only fields and
// reasons are told, and other words only where they have nothing of it.
base::Result<io::HttpResponse> accept_secret_write(io::HttpOutcome outcome, std::string_view step,
                                                   std::optional<std::string_view> value);

// The same for a status and the text of a body, as watches have them.
base::Error status_error(int http_status, std::string_view body, std::string_view step);

}  // namespace nbkeys::kube
