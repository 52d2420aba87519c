#include "shell/http_failure.h"

#include <cerrno>

namespace nbkeys::shell {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The steps of http_client_asio.cpp that come before the request is written.
enum class Step { kResolve, kConnect, kProxy, kHandshake, kExchange };

Step step_of(const Failure& failure) {
  if (contains(failure.text, "resolving")) return Step::kResolve;
  if (contains(failure.text, "connect to any resolved")) return Step::kConnect;
  if (contains(failure.text, "from proxy") || contains(failure.text, "to proxy") ||
      contains(failure.text, "during proxy connection")) {
    return Step::kProxy;
  }
  if (contains(failure.text, "SSL handshake")) return Step::kHandshake;
  return Step::kExchange;
}

std::string seconds(base::Duration d) {
  return d.count() % 1000 == 0 ? std::to_string(d.count() / 1000) + " s"
                               : std::to_string(d.count()) + " ms";
}

std::string certificate_refused(const UpstreamSettings& upstream, const TlsTrace& trace) {
  const CertificateRefusal& refusal = trace.refusal;
  std::string remedy = refusal.remedy;
  if (remedy.empty()) {
    remedy = refusal.fault == CertificateFault::kName ? upstream.name_help : upstream.trust_help;
    if (refusal.fault == CertificateFault::kIssuer && !trace.left_out.empty()) {
      remedy += "; " + trace.left_out;
    }
  }
  const std::string& host = upstream.url.host;
  return "the certificate of " + host + (trace.host == host ? "" : " (as " + trace.host + ")") +
         " could not be verified: " + refusal.text + "; " + remedy;
}

std::string handshake_cause(const Failure& failure, const UpstreamSettings& upstream,
                            const TlsTrace& trace) {
  if (trace.refusal.fault != CertificateFault::kNone) return certificate_refused(upstream, trace);
  std::string out = "TLS with " + host_and_port(upstream.url) + " could not be set up: ";
  if (!trace.alert.empty()) return out + "the server refused it (" + trace.alert + ")";
  if (failure.code == ETIMEDOUT) return out + "no answer in time";
  return out + "the server does not speak TLS as we do (is the address right?)";
}

// cpprestsdk reports "host unreachable" whatever the system said, so both usual causes are named.
std::string connect_cause(int code) {
  return code == ETIMEDOUT ? "no answer in time" : "connection refused, or no way to the host";
}

std::string cause_before_sending(Step step, const Failure& failure,
                                 const UpstreamSettings& upstream, const TlsTrace& trace) {
  const Url& hop = upstream.proxy ? *upstream.proxy : upstream.url;
  const std::string whose = upstream.proxy ? "the proxy " : "";
  if (failure.timed_out) return "no connection to " + host_and_port(upstream.url);
  switch (step) {
    case Step::kResolve:
      return "cannot find the address of " + whose + hop.host + " (name resolution failed)";
    case Step::kConnect:
      return "cannot connect to " + whose + host_and_port(hop) + ": " + connect_cause(failure.code);
    case Step::kProxy:
      return "the proxy " + host_and_port(hop) + " did not connect us to " +
             host_and_port(upstream.url);
    case Step::kHandshake: return handshake_cause(failure, upstream, trace);
    case Step::kExchange: break;
  }
  return handshake_cause(failure, upstream, trace);
}

std::string cause_of_exchange(const Failure& failure, const FailedRequest& request,
                              const UpstreamSettings& upstream, const TlsTrace& trace) {
  const std::string host = host_and_port(upstream.url);
  if (failure.timed_out) return host + " did not answer within " + seconds(request.timeout);
  if (failure.code == ETIMEDOUT) return host + " stopped answering";
  // With TLS 1.3 the server's verdict on our certificate comes after our side of the handshake.
  if (trace.alert.find("certificate") != std::string::npos) {
    return host + " does not take our client certificate (" + trace.alert + ")";
  }
  if (!trace.alert.empty()) return host + " ended the TLS connection (" + trace.alert + ")";
  return host + " closed the connection without an answer";
}

}  // namespace

base::Error to_error(const Failure& failure, const FailedRequest& request,
                     const UpstreamSettings& upstream, const TlsTrace& trace) {
  if (failure.too_large) {
    return {base::ErrorCode::kTooLarge, "",
            "the answer of " + upstream.url.host + " is longer than " +
                std::to_string(request.response_bytes_max) + " bytes"};
  }
  const Step step = step_of(failure);
  // A fresh TLS connection that never got through its handshake has carried no request.
  const bool no_handshake =
      upstream.url.https && !request.reused && trace.completed == request.handshakes_before;
  const bool before_sending = step != Step::kExchange || no_handshake;
  if (!before_sending) {
    return {base::ErrorCode::kUnknown, "", cause_of_exchange(failure, request, upstream, trace)};
  }
  const std::string cause = cause_before_sending(step, failure, upstream, trace) +
                            (failure.timed_out ? " within " + seconds(request.timeout) : "");
  // The library sends a request again when an idle connection breaks under it; what failed to
  // connect may then be the second attempt.
  const bool may_be_sent = request.changes_things && request.reused;
  return {may_be_sent ? base::ErrorCode::kUnknown : base::ErrorCode::kUnreachable, "", cause};
}

}  // namespace nbkeys::shell
