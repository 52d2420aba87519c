// A SetupKey: what users wrote into its spec, and our own status as it comes back.

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "fuzz/target.h"
#include "kube/requests.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::fuzz {
namespace {

void status_keeps(const kube::SetupKey& resource, base::Json object) {
  const base::Json written = kube::status_json(resource.status);
  object["status"] = written;
  const auto again = kube::parse_setup_key(object);
  PROMISE(again.ok());
  if (!again) return;
  PROMISE(kube::status_json(again->status) == written);
  // A patch from what there was leads to what is wanted, as the server applies it.
  base::Json other = written;
  other["state"] = "valid";
  other["claim"] = {{"revision", 7}, {"since", "2026-01-01T00:00:00Z"}};
  base::Json patched = written;
  patched.merge_patch(base::merge_patch(written, other));
  PROMISE(patched == other);
  PROMISE(base::merge_patch(other, other).empty());
}

void spec_is_bounded(const kube::SetupKey& resource) {
  const kube::Spec& spec = resource.spec;
  const base::Duration century{100LL * 365 * 86'400'000};
  PROMISE(spec.settings.expires_in.count() >= 0 && spec.settings.expires_in <= century);
  PROMISE(spec.rotation.overlap.count() >= 0 && spec.rotation.overlap <= century);
  PROMISE(!spec.rotation.interval || *spec.rotation.interval <= century);
  PROMISE(spec.revision_history_limit >= 0);
  PROMISE(resource.rotate.size() <= 128);
  PROMISE(resource.spec_error.size() < 200);
  PROMISE(kube::settings_digest(spec).size() == 16);
  PROMISE(kube::settings_digest(spec) == kube::settings_digest(kube::Spec(spec)));
}

}  // namespace

FUZZ_TARGET(setup_key) {
  const auto object = base::parse_json(bytes, "test");
  if (!object) {
    PROMISE(object.error().message.size() < 200);
    return;
  }
  const auto resource = kube::parse_setup_key(*object);
  if (!resource) return;
  PROMISE(kube::parse_meta(*object).ok());
  spec_is_bounded(*resource);
  status_keeps(*resource, *object);
  // What is asked for it goes where it belongs, whatever it is called.
  const std::string path = kube::get_setup_key(resource->meta.ref).path;
  PROMISE(path.find_first_of("?#% \r\n") == std::string::npos);
  PROMISE(path.find("..") == std::string::npos || path.find("/..") == std::string::npos);
}

}  // namespace nbkeys::fuzz
