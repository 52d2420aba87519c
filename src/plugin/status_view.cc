#include "plugin/status_view.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "plugin/advice.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr int kBarWidth = 30;
constexpr std::size_t kLabelWidth = 15;

std::string line(const Style& style, std::string_view label, const std::string& text) {
  std::string head(label);
  head.resize(std::max(kLabelWidth, head.size() + 1), ' ');
  return style.paint(Paint::kDim, head) + text + "\n";
}

bool abnormal_when_true(const std::string& type) { return type == "Stalled"; }

Paint paint_of(const kube::Condition& c, const kube::SetupKey& resource) {
  if (abnormal_when_true(c.type)) return Paint::kBad;
  if (c.type == "Reconciling" || c.type == "Rotating") return Paint::kWarn;
  if (c.status) return Paint::kGood;
  const kube::Condition* ready = condition_of(resource.status, "Ready");
  // A key that has done its work is no trouble.
  return ready != nullptr && ready->status ? Paint::kPlain : Paint::kBad;
}

std::string conditions_text(const StatusView& view, const Style& style) {
  std::string out;
  for (const kube::Condition& c : view.resource.status.conditions) {
    const std::string verdict = (c.status ? "yes, " : "no, ") + printable(c.reason);
    out +=
        line(style, c.type,
             style.paint(paint_of(c, view.resource), verdict) + ": " + printable(c.message) +
                 style.paint(Paint::kDim, "  (since " + rough(view.now - c.last_transition) + ")"));
  }
  if (out.empty()) out = line(style, "Ready", "unknown: the operator has not looked at it yet");
  return out;
}

std::string percent(double share) {
  return std::to_string(static_cast<int>(std::min(share, 1.0) * 100)) + " %";
}

std::string lifetime_text(const StatusView& view, const Style& style) {
  const kube::KeyStatus& s = view.resource.status;
  if (!s.expires_at) return "never expires";
  if (!s.issued_at || *s.expires_at <= *s.issued_at) return moment(*s.expires_at, view.now);
  const double whole = static_cast<double>((*s.expires_at - *s.issued_at).count());
  const double gone = static_cast<double>((view.now - *s.issued_at).count()) / whole;
  const Paint paint = gone >= 1.0 ? Paint::kBad : gone >= 0.8 ? Paint::kWarn : Paint::kGood;
  return style.bar(gone, kBarWidth, paint) + " " + percent(std::max(gone, 0.0)) +
         " gone, expires " + moment(*s.expires_at, view.now);
}

std::string usage_text(const StatusView& view, const Style& style) {
  const kube::KeyStatus& s = view.resource.status;
  const kube::KeySettings& settings = view.resource.spec.settings;
  const std::int64_t limit = settings.type == kube::KeyType::kOneOff ? 1 : settings.usage_limit;
  const std::int64_t used = s.used_times.value_or(0);
  std::string out;
  if (limit > 0) {
    const double share = static_cast<double>(used) / static_cast<double>(limit);
    const Paint paint = share >= 1.0 ? Paint::kBad : share >= 0.8 ? Paint::kWarn : Paint::kGood;
    out = style.bar(share, kBarWidth, paint) + " " + std::to_string(used) + " of " +
          std::to_string(limit) + " used";
  } else {
    out = std::to_string(used) + " used, no limit";
  }
  return out + (s.last_used ? ", last " + distance(*s.last_used, view.now) : "");
}

std::string secret_text(const StatusView& view) {
  const kube::Spec& spec = view.resource.spec;
  std::string out = spec.secret_name + ", entry " + spec.secret_key;
  if (!view.secret_problem.empty()) return out + " (cannot be read: " + view.secret_problem + ")";
  if (!view.secret) return out + " (does not exist)";
  if (!belongs_to(*view.secret, view.resource.meta.uid)) return out + " (belongs to somebody else)";
  if (view.secret->revision == view.resource.status.revision) {
    return out + " (carries revision " + std::to_string(view.secret->revision) + ")";
  }
  return out + " (carries revision " + std::to_string(view.secret->revision) + ", not " +
         std::to_string(view.resource.status.revision) + ")";
}

std::string groups_text(const kube::SetupKey& resource) {
  std::string out;
  for (const kube::GroupRef& group : resource.spec.auto_groups) {
    out += (out.empty() ? "" : ", ") + (group.name.empty() ? "id " + group.id : group.name);
  }
  if (out.empty()) return "none besides All";
  const std::size_t found = resource.status.auto_group_ids.size();
  return out + " (" + count_of(found, "id", "ids") + " at NetBird)";
}

std::string rotation_text(const StatusView& view) {
  const kube::KeyStatus& s = view.resource.status;
  if (s.claim) {
    return "under way: revision " + std::to_string(s.claim->revision) + ", " + s.claim->reason;
  }
  if (s.renewal_time) return moment(*s.renewal_time, view.now);
  return view.resource.spec.rotation.enabled ? "not planned" : "not planned (policy Disabled)";
}

std::string previous_text(const StatusView& view, const Style& style) {
  std::string out;
  for (const kube::PreviousKey& p : view.resource.status.previous_keys) {
    out += line(style, out.empty() ? "Previous keys" : "",
                printable(p.key_id) + " (revision " + std::to_string(p.revision) + "), deleted " +
                    moment(p.retire_at, view.now));
  }
  return out;
}

std::string events_text(const StatusView& view, const Style& style) {
  std::string out = style.paint(Paint::kStrong, "Events") + "\n";
  if (!view.events_problem.empty()) return out + "  cannot be read: " + view.events_problem + "\n";
  if (view.events.empty()) return out + "  none in the last hour or so\n";
  for (const SeenEvent& e : view.events) {
    std::string when = distance(e.at, view.now);
    when.resize(std::max<std::size_t>(when.size(), 11), ' ');
    out += "  " + style.paint(Paint::kDim, when) + " " +
           style.paint(e.warning ? Paint::kWarn : Paint::kPlain, printable(e.reason)) + ": " +
           printable(e.message) + (e.count > 1 ? " (x" + std::to_string(e.count) + ")" : "") + "\n";
  }
  return out;
}

void put_time(Json& out, const char* name, const std::optional<base::WallTime>& t) {
  if (t) out[name] = base::format_rfc3339(*t);
}

Json key_json(const kube::KeyStatus& s) {
  Json out = {{"id", s.key_id},
              {"prefix", s.key_prefix},
              {"state", s.state},
              {"revision", s.revision},
              {"usedTimes", s.used_times.value_or(0)}};
  put_time(out, "issuedAt", s.issued_at);
  put_time(out, "expiresAt", s.expires_at);
  put_time(out, "lastUsed", s.last_used);
  return out;
}

Json events_json(const std::vector<SeenEvent>& events) {
  Json out = Json::array();
  for (const SeenEvent& e : events) {
    out.push_back({{"at", base::format_rfc3339(e.at)},
                   {"type", e.warning ? "Warning" : "Normal"},
                   {"reason", e.reason},
                   {"message", e.message},
                   {"count", e.count}});
  }
  return out;
}

}  // namespace

std::string status_text(const StatusView& view, const Style& style) {
  const kube::SetupKey& r = view.resource;
  const kube::KeyStatus& s = r.status;
  std::string out = style.paint(Paint::kStrong, "SetupKey " + kube::to_text(r.meta.ref)) +
                    (r.meta.deleting ? "  (being deleted)" : "") + "\n";
  out += conditions_text(view, style) + "\n";
  if (s.revision == 0) {
    out += line(style, "Key", "none yet");
  } else {
    out += line(style, "Key",
                printable(s.key_id) + " (" + s.key_prefix + "****), revision " +
                    std::to_string(s.revision) + ", " +
                    std::string(key_type_name(r.spec.settings.type)) + ", " +
                    (s.state.empty() ? "state unknown" : s.state));
    out += line(style, "Lifetime", lifetime_text(view, style));
    out += line(style, "Usage", usage_text(view, style));
  }
  out += line(style, "Secret", printable(secret_text(view)));
  out += line(style, "Groups", printable(groups_text(r)));
  out += line(style, "Next rotation", printable(rotation_text(view)));
  if (s.last_rotation_time) {
    out += line(style, "Last rotation",
                moment(*s.last_rotation_time, view.now) + ": " + printable(s.last_rotation_reason));
  }
  out += previous_text(view, style) + "\n" + events_text(view, style) + "\n";
  out += style.paint(Paint::kStrong, "What to do now") + "\n";
  for (const std::string& each : advice_for(r, view.now)) out += "  " + printable(each) + "\n";
  return out;
}

nlohmann::json status_json(const StatusView& view) {
  const kube::SetupKey& r = view.resource;
  const kube::KeyStatus& s = r.status;
  Json conditions = Json::array();
  for (const kube::Condition& c : s.conditions) {
    conditions.push_back({{"type", c.type},
                          {"status", c.status ? "True" : "False"},
                          {"reason", c.reason},
                          {"message", c.message},
                          {"lastTransitionTime", base::format_rfc3339(c.last_transition)}});
  }
  Json previous = Json::array();
  for (const kube::PreviousKey& p : s.previous_keys) {
    previous.push_back({{"id", p.key_id},
                        {"revision", p.revision},
                        {"retireAt", base::format_rfc3339(p.retire_at)}});
  }
  const kube::Condition* ready = condition_of(s, "Ready");
  Json out = {{"namespace", r.meta.ref.name_space},
              {"name", r.meta.ref.name},
              {"ready", ready != nullptr && ready->status},
              {"observed", s.observed_generation == r.meta.generation},
              {"conditions", std::move(conditions)},
              {"key", key_json(s)},
              {"secret", {{"name", r.spec.secret_name}, {"entry", r.spec.secret_key}}},
              {"groupIDs", s.auto_group_ids},
              {"previousKeys", std::move(previous)},
              {"events", events_json(view.events)},
              {"advice", advice_for(r, view.now)}};
  if (view.secret) out["secret"]["revision"] = view.secret->revision;
  if (!view.secret_problem.empty()) out["secret"]["problem"] = view.secret_problem;
  put_time(out, "nextRotation", s.renewal_time);
  put_time(out, "lastRotation", s.last_rotation_time);
  return out;
}

}  // namespace nbkeys::plugin
