#include "plugin/helm_record.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "kube/meta.h"
#include "kube/requests.h"
#include "kube/responses.h"

namespace nbkeys::plugin {
namespace {

constexpr std::string_view kPrefix = "sh.helm.release.v1.";

bool is_name(const std::string& text) { return !text.empty() && kube::is_object_name(text); }

}  // namespace

base::Result<HelmRecord> parse_helm_record(std::string_view text) {
  const base::Error bad{
      base::ErrorCode::kInvalidInput, "read flags",
      "'" + std::string(text) + "' is not NAMESPACE/sh.helm.release.v1.RELEASE.vREVISION"};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad;
  const std::string name_space(text.substr(0, slash)), name(text.substr(slash + 1));
  const std::size_t number = name.rfind(".v");
  if (!is_name(name_space) || !is_name(name) || !name.starts_with(kPrefix) ||
      number == std::string::npos || number < kPrefix.size()) {
    return bad;
  }
  HelmRecord out{name_space, name.substr(0, number + 2), 0};
  const std::string_view digits = std::string_view(name).substr(number + 2);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.revision);
  if (error != std::errc{} || end != digits.data() + digits.size() || out.revision == 0) return bad;
  return out;
}

HelmWork work_in(const base::Json& record) {
  if (base::string_or(record, {"metadata", "labels", "owner"}) != "helm") return HelmWork::kNone;
  return base::string_or(record, {"metadata", "labels", "status"}) == "uninstalling"
             ? HelmWork::kUninstalling
             : HelmWork::kReleased;
}

base::Result<HelmWork> read_helm_work(Link& kube, const HelmRecord& first) {
  HelmWork found = HelmWork::kNone;
  for (std::uint32_t i = 0; i < kHelmRecordsMax && found != HelmWork::kUninstalling; ++i) {
    const auto answer = kube::accept_response(
        kube.call(kube::get_secret_meta(
            {first.name_space, first.stem + std::to_string(first.revision + i)})),
        "read Helm's record");
    if (!answer && answer.error().code == base::ErrorCode::kNotFound) continue;
    if (!answer) return answer.error();
    const auto record = base::parse_json(answer->body.reveal(), "read Helm's record");
    if (!record) return record.error();
    found = std::max(found, work_in(*record));
  }
  return found;
}

}  // namespace nbkeys::plugin
