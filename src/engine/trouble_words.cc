#include "engine/trouble_words.h"

#include "engine/outcome.h"

namespace nbkeys::engine {
namespace {

using status::Reason;

bool is(const Trouble& trouble, const Action& action) {
  return trouble.what->kind == traits_of(action).kind;
}

std::string asked_of_netbird(const Trouble& t) {
  if (is(t, CreateKey{})) return "to make a key";
  if (is(t, UpdateGroups{})) return "to change the groups of key " + t.key_id;
  if (is(t, RevokeKey{})) return "to revoke key " + t.key_id;
  return "to delete key " + t.key_id;
}

// Only NetBird's own refusal of what the request says is for the spec to mend.
std::string remedy_at_netbird(const Trouble& t) {
  switch (t.error.code) {
    case base::ErrorCode::kUnprocessable:
      return is(t, UpdateGroups{}) ? "correct spec.autoGroups" : "correct the spec";
    case base::ErrorCode::kForbidden:
      return "the token may write other keys, so ask whoever runs NetBird, or the proxy before it, "
             "what forbids this one";
    case base::ErrorCode::kNotFound:
      return "NetBird's list tells whether the key is there; it is asked again";
    case base::ErrorCode::kServerError:
    case base::ErrorCode::kUnknown:
      return "it is tried again; ask whoever runs NetBird if that goes on";
    case base::ErrorCode::kUnreachable:
      return "it is tried again; NetBird's lists can be had, so see what is between it and the "
             "operator";
    case base::ErrorCode::kMalformed:
    case base::ErrorCode::kTooLarge:
      return "that is not how NetBird answers; ask whoever runs the proxy or gateway before it";
    default:
      return "NetBird itself does not answer so; ask whoever runs the proxy or gateway before it";
  }
}

Words about_netbird(const Observed& o, const Trouble& t) {
  Words out;
  const bool of_the_spec = t.error.code == base::ErrorCode::kUnprocessable &&
                           (is(t, CreateKey{}) || is(t, UpdateGroups{}));
  if (of_the_spec) {
    out.reason = Reason::kInvalidSpec;
    out.message =
        is(t, UpdateGroups{}) ? "NetBird refuses the groups (" : "NetBird refuses the key (";
    out.message += t.error.message + "); " + remedy_at_netbird(t);
    return out;
  }
  if (is(t, RevokeKey{})) {
    out.reason = Reason::kRevocationBlocked;
    out.loud = true;
  }
  if (is(t, DeleteKey{})) {
    out.reason = Reason::kRetirementBlocked;
    out.loud = true;
  }
  const bool no_right =
      t.error.code == base::ErrorCode::kForbidden && !o.account.right_missing.empty();
  out.message =
      "NetBird was asked " + asked_of_netbird(t) + ": " +
      (no_right ? o.account.right_missing : t.error.message + "; " + remedy_at_netbird(t));
  if (out.loud) out.message += "; until then peers can enrol with it";
  return out;
}

std::string remedy_at_kubernetes(const Trouble& t, const char* right) {
  switch (t.error.code) {
    case base::ErrorCode::kForbidden:
      return std::string("allow it (access rights ") + right + ", quota, admission policy)";
    case base::ErrorCode::kUnprocessable:
    case base::ErrorCode::kRefused:
      return "change spec.secretTemplate, or delete the Secret where it is immutable";
    default: return "see whether the API server and its admission webhooks work";
  }
}

Words about_kubernetes(const Observed& o, const Trouble& t) {
  Words out;
  const std::string secret = "Secret " + o.resource.spec.secret_name;
  if (is(t, AddFinalizer{}) || is(t, RemoveFinalizer{})) {
    out.message = "Kubernetes refuses the finalizer of this SetupKey: " + t.error.message + "; " +
                  remedy_at_kubernetes(t, "to patch setupkeys");
  } else if (is(t, ReadSetupKey{})) {
    out.message = "Kubernetes does not show this SetupKey: " + t.error.message + "; " +
                  remedy_at_kubernetes(t, "to get setupkeys");
  } else if (is(t, LookForSecret{}) || is(t, ReadSecret{})) {
    out.message = "Kubernetes does not show " + secret + ": " + t.error.message + "; " +
                  remedy_at_kubernetes(t, "to get secrets");
  } else {
    out.message = "Kubernetes refuses " + secret + ": " + t.error.message + "; " +
                  remedy_at_kubernetes(t, "to create and patch secrets");
  }
  out.message += "; it is tried again";
  return out;
}

}  // namespace

Words words_for(const Observed& o, const Trouble& trouble) {
  return trouble.what->server == io::Server::kNetBird ? about_netbird(o, trouble)
                                                      : about_kubernetes(o, trouble);
}

}  // namespace nbkeys::engine
