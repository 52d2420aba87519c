// What an armed fault does to the request that it hits.

#include <algorithm>
#include <memory>

#include "base/hash.h"
#include "sim/world.h"

namespace nbkeys::sim {
namespace {

using base::Duration;
using fakes::Fault;
using fakes::FaultKind;
using fakes::Mishap;

// A POST has its last effect at NetBird within its own timeout of 20 s, less what clocks that are
// apart take from the wait for it; everything else may land long after its sender gave up.
constexpr Duration kPostEffectMax{11'900};
constexpr Duration kLateMax{40'000};

bool is_watch(const io::HttpRequest& r) { return r.path.find("watch=true") != std::string::npos; }

void replace_body(io::HttpResponse& response, std::string text) {
  response.body = base::SecretText(std::move(text));
}

// The answer's JSON with every scalar below the top replaced by one of another type.
Json twisted(const Json& value, std::uint64_t how) {
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [name, entry] : value.items()) {
      how = how * 6364136223846793005ULL + 1442695040888963407ULL;
      out[name] = (how >> 33) % 3 == 0 ? twisted(entry, how) : entry;
    }
    return out;
  }
  if (value.is_string()) return how % 2 == 0 ? Json(7) : Json::array({value});
  if (value.is_array()) return "a string";
  return Json::object({{"of", value}});
}

void alter_body(io::HttpResponse& response, Kind kind, std::uint64_t how) {
  std::string text(response.body.reveal());
  switch (kind) {
    case Kind::kTruncated: replace_body(response, text.substr(0, how % (text.size() + 1))); return;
    case Kind::kNoJson:
      replace_body(response, how % 2 == 0 ? "<html>" + text + "</html>" : text + "}{" + text);
      return;
    case Kind::kWrongTypes: {
      const Json body = Json::parse(text);
      Json out = twisted(body, how);
      // The types of what a SetupKey's status records are the server's schema's business: damage
      // there is a lie under a good version that no reader can tell from the truth.
      if (body.is_object() && body.contains("status")) out["status"] = body["status"];
      replace_body(response, out.dump());
      return;
    }
    case Kind::kWrongKind: {
      const char* const bodies[] = {
          R"({"kind":"Status","apiVersion":"v1","status":"Success"})", "[]", "{}", "null", "\"ok\"",
          R"({"kind":"PodList","apiVersion":"v1","items":[]})"};
      replace_body(response, bodies[how % 6]);
      return;
    }
    default: return;
  }
}

std::string status_text(int code, const std::string& reason, const std::string& message) {
  return Json{{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
              {"reason", reason}, {"message", message}, {"code", code}}
      .dump();
}

Mishap refusal(int code, const std::string& reason, const std::string& message) {
  Mishap out;
  out.fault.kind = FaultKind::kAnswer;
  out.fault.status = code;
  out.fault.body = status_text(code, reason, message);
  return out;
}

// As an admission webhook may put it: with the object that it does not like.
Mishap quoting_refusal(const io::HttpRequest& request, std::uint64_t how) {
  const bool kube = request.server == io::Server::kKube;
  Mishap out =
      refusal(how % 2 == 0 && kube ? 403 : 422, "Forbidden",
              "admission webhook denied the request: " + std::string(request.body.reveal()));
  return out;
}

Duration bounded_delay(const Happening& h, const io::HttpRequest& request) {
  const bool post = hits(RequestClass::kCreateKey, request);
  return std::min(h.span, post ? kPostEffectMax : kLateMax);
}

Mishap of_kind(FaultKind kind) {
  Mishap out;
  out.fault.kind = kind;
  return out;
}

Mishap refused(const Happening& h) {
  switch (h.kind) {
    case Kind::kConflict:
      return refusal(409, "Conflict", "the object has been modified; please apply your changes");
    case Kind::kGone: return refusal(410, "Expired", "too old resource version");
    case Kind::kUnauthorized: return refusal(401, "Unauthorized", "Unauthorized");
    case Kind::kForbidden: return refusal(403, "Forbidden", "not allowed");
    case Kind::kTooMany: {
      Mishap out = refusal(429, "TooManyRequests", "rate limit exceeded");
      if (h.a % 2 == 0) out.fault.retry_after = Duration{static_cast<int>(h.b % 120) * 1000};
      return out;
    }
    default: {
      constexpr int kCodes[] = {500, 502, 503, 504};
      return refusal(kCodes[h.a % 4], "InternalError", "an error on the server");
    }
  }
}

}  // namespace

bool hits(RequestClass hit, const io::HttpRequest& r) {
  switch (hit) {
    case RequestClass::kAny: return true;
    case RequestClass::kCreateKey: return r.operation == "create_key";
    case RequestClass::kChangeKey:
      return r.operation == "update_key" || r.operation == "revoke_key" ||
             r.operation == "delete_key";
    case RequestClass::kListKeys: return r.operation == "list_keys";
    case RequestClass::kGroups:
      return r.operation == "list_groups" || r.operation == "list_service_users";
    case RequestClass::kStatus: return r.operation == "patch_status";
    case RequestClass::kFinalizers: return r.operation == "patch_finalizers";
    case RequestClass::kWriteSecret:
      return r.operation == "create_secret" || r.operation == "patch_secret" ||
             r.operation == "dry_run_secret";
    case RequestClass::kReadSecret:
      return r.operation == "get_secret" || r.operation == "get_secret_metadata";
    case RequestClass::kReadSetupKey: return r.operation == "get_setupkey";
    case RequestClass::kList:
      return r.operation == "list_secrets" || r.operation == "list_setupkeys";
    case RequestClass::kWatch: return is_watch(r);
    case RequestClass::kLease: return r.operation.ends_with("_lease");
    case RequestClass::kEvent: return r.operation == "create_event";
    case RequestClass::kCount: break;
  }
  return false;
}

Mishap mishap_of(const Happening& h, const io::HttpRequest& request) {
  Mishap out;
  switch (h.kind) {
    case Kind::kDropRequest: return of_kind(FaultKind::kDropRequest);
    case Kind::kDropAnswer: return of_kind(FaultKind::kDropAnswer);
    case Kind::kUnreachable: return of_kind(FaultKind::kUnreachable);
    case Kind::kKillBefore: return of_kind(FaultKind::kKillBefore);
    case Kind::kKillAfter: return of_kind(FaultKind::kKillAfter);
    case Kind::kDelayRequest: out.fault.delay = bounded_delay(h, request); return out;
    case Kind::kDelayAnswer: out.answer_delay = bounded_delay(h, request); return out;
    case Kind::kRepeatAnswer: out.answers = 2; return out;
    case Kind::kResend: out.deliveries = request.once ? 1 : 2; return out;
    case Kind::kErrorAfterDone:
      out.alter = [](io::HttpResponse& response) {
        response.status = 500;
        replace_body(response, status_text(500, "InternalError", "an error on the server"));
      };
      return out;
    case Kind::kQuotingRefusal: return quoting_refusal(request, h.a);
    case Kind::kWrongKind:
      // An empty list of keys is no malformed answer but a false one, and nobody can tell.
      if (hits(RequestClass::kListKeys, request)) return refused(h);
      [[fallthrough]];
    case Kind::kTruncated:
    case Kind::kNoJson:
    case Kind::kWrongTypes:
      out.alter = [kind = h.kind, how = h.a](io::HttpResponse& response) {
        alter_body(response, kind, how);
      };
      return out;
    default: return refused(h);
  }
}

}  // namespace nbkeys::sim
