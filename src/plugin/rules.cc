#include "plugin/rules.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "base/words.h"
#include "kube/names.h"
#include "kube/refused.h"

namespace nbkeys::plugin {
namespace {

using base::Json;

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kYear = 365 * kDay;
// Go's duration ends at 2^63 ns; a longer one is an error in CEL, which refuses.
constexpr std::int64_t kDurationMax = 9'223'372'036;

bool matches(const std::string& text, const char* pattern) {
  return std::regex_search(text, std::regex(pattern));
}

// Seconds of "30d" or of hours, minutes and seconds in any order; nothing for another format and
// for what CEL cannot hold.
std::optional<std::int64_t> seconds(const std::string& text) {
  if (!matches(text, "^([0-9]{1,5}d|([0-9]{1,8}[hms]){1,3})$")) return std::nullopt;
  std::int64_t total = 0, number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      continue;
    }
    total += number * (c == 'd' ? kDay : c == 'h' ? 3'600 : c == 'm' ? 60 : 1);
    number = 0;
  }
  if (total > kDurationMax) return std::nullopt;
  return total;
}

bool between(const Json& self, std::int64_t least, std::int64_t most) {
  const auto* text = self.get_ptr<const std::string*>();
  if (text == nullptr) return false;
  const auto value = seconds(*text);
  return value && *value >= least && *value <= most;
}

bool is_zero(const Json& self) { return self.is_string() && self == "0"; }

bool has(const Json& self, std::initializer_list<std::string_view> path) {
  return base::find(self, path) != nullptr;
}

template <typename F>
bool all_keys(const Json& self, F holds) {
  for (auto it = self.begin(); it != self.end(); ++it) {
    if (!holds(it.key())) return false;
  }
  return true;
}

std::string secret_name_of(const Json& object) {
  return base::string_or(object, {"spec", "secretName"},
                         base::string_or(object, {"metadata", "name"}));
}

bool secret_name_kept(const Json& self, const Json* before) {
  return before == nullptr || secret_name_of(self) == secret_name_of(*before);
}

std::string refused_name(const Json& self) {
  return kube::why_refused(kube::Part::kName, secret_name_of(self), "").value_or("");
}

// What the operator has seen it must be able to write to, whenever it was made.
bool secret_name_is_harmless(const Json& self, const Json*) {
  return base::int_at(self, {"status", "observedGeneration"}).value_or(-1) != -1 ||
         refused_name(self).empty();
}

bool one_off_used_once(const Json& self, const Json*) {
  const auto limit = base::int_at(self, {"usageLimit"});
  return base::string_or(self, {"type"}) != "one-off" || !limit || *limit == 1;
}

bool usage_percent_has_limit(const Json& self, const Json*) {
  return !has(self, {"rotation", "usagePercent"}) ||
         base::int_at(self, {"usageLimit"}).value_or(0) > 1;
}

bool percentage_has_lifetime(const Json& self, const Json*) {
  return !has(self, {"rotation", "renewBeforePercentage"}) ||
         base::string_or(self, {"expiresIn"}) != "0";
}

// An older SetupKey must still be revoked and suspended, whatever it breaks.
bool is_let_through(const Json& self) {
  return base::bool_or(self, {"revoked"}, false) || base::bool_or(self, {"suspend"}, false);
}

// Another format is for the field's own rule to explain.
bool is_duration(const std::string& text) {
  return matches(text, "^([0-9]{1,5}d|([0-9]{1,8}[hms]){1,3})$");
}

bool renewed_within_lifetime(const Json& self, const Json*) {
  const auto early = base::string_at(self, {"rotation", "renewBefore"});
  const std::string life = base::string_or(self, {"expiresIn"});
  if (is_let_through(self) || !early || !is_duration(*early) || !is_duration(life)) return true;
  const auto early_seconds = seconds(*early), life_seconds = seconds(life);
  return early_seconds && life_seconds && *early_seconds + kHour <= *life_seconds;
}

bool percentage_leaves_an_hour(const Json& self, const Json*) {
  const auto share = base::int_at(self, {"rotation", "renewBeforePercentage"});
  const std::string life = base::string_or(self, {"expiresIn"});
  if (is_let_through(self) || !share || !is_duration(life)) return true;
  const auto life_seconds = seconds(life);
  return life_seconds && *life_seconds * (100 - *share) >= 100 * kHour;
}

bool is_of_type(const Json& self, std::string_view type) {
  return !is_let_through(self) && base::string_or(self, {"secretTemplate", "type"}) == type;
}

bool has_entry(const Json& self, std::string_view name) {
  return base::string_or(self, {"secretKey"}) == name ||
         has(self, {"secretTemplate", "data", name});
}

bool basic_auth_is_whole(const Json& self, const Json*) {
  return !is_of_type(self, "kubernetes.io/basic-auth") || has_entry(self, "username") ||
         has_entry(self, "password");
}

bool ssh_auth_is_whole(const Json& self, const Json*) {
  return !is_of_type(self, "kubernetes.io/ssh-auth") ||
         base::string_or(self, {"secretKey"}) == "ssh-privatekey" ||
         !base::string_or(self, {"secretTemplate", "data", "ssh-privatekey"}).empty();
}

bool tls_is_whole(const Json& self, const Json*) {
  return !is_of_type(self, "kubernetes.io/tls") ||
         (has_entry(self, "tls.crt") && has_entry(self, "tls.key"));
}

// Without a regular expression, because the matcher recurses and the text may be long.
bool in_braces(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\f\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  const std::size_t last = text.find_last_not_of(kSpace);
  return first != std::string_view::npos && first < last && text[first] == '{' && text[last] == '}';
}

bool docker_config_is_whole(const Json& self, const Json*) {
  constexpr std::string_view kEntry = ".dockerconfigjson";
  return !is_of_type(self, "kubernetes.io/dockerconfigjson") ||
         (base::string_or(self, {"secretKey"}) != kEntry &&
          in_braces(base::string_or(self, {"secretTemplate", "data", kEntry})));
}

bool fits_altogether(const Json& self, std::size_t bytes_max) {
  std::size_t bytes = 0;
  for (auto it = self.begin(); it != self.end(); ++it) {
    const auto* value = it->get_ptr<const std::string*>();
    bytes += it.key().size() + (value != nullptr ? value->size() : 0);
  }
  return bytes <= bytes_max;
}

bool annotations_fit(const Json& self, const Json*) { return fits_altogether(self, 16'384); }

bool data_fits(const Json& self, const Json*) { return fits_altogether(self, 65'536); }

bool data_leaves_key_alone(const Json& self, const Json*) {
  return !has(self, {"secretTemplate", "data", base::string_or(self, {"secretKey"})});
}

bool secret_type_kept(const Json& self, const Json* before) {
  return before == nullptr || base::string_or(self, {"secretTemplate", "type"}, "Opaque") ==
                                  base::string_or(*before, {"secretTemplate", "type"}, "Opaque");
}

bool expires_within_year(const Json& self, const Json*) {
  return is_zero(self) || between(self, kDay, kYear);
}

bool group_by_one_way(const Json& self, const Json*) {
  return has(self, {"id"}) != has(self, {"name"});
}

bool group_is_not_all(const Json& self, const Json*) {
  return base::string_or(self, {"name"}) != "All";
}

bool labels_not_reserved(const Json& self, const Json*) {
  return all_keys(self, [](const std::string& k) {
    return !k.starts_with("keys.netbird.io/") && k != kube::kManagedByLabel;
  });
}

// Of bounded length before the matcher sees it, because that recurses.
bool qualified(const std::string& name) {
  return name.size() <= 317 &&
         matches(name,
                 "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
                 "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$");
}

bool labels_well_named(const Json& self, const Json*) { return all_keys(self, qualified); }

bool annotations_not_reserved(const Json& self, const Json*) {
  return all_keys(self, [](const std::string& k) { return !k.starts_with("keys.netbird.io/"); });
}

bool annotations_well_named(const Json& self, const Json*) {
  return all_keys(self, [](std::string k) {
    std::transform(k.begin(), k.end(), k.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return qualified(k);
  });
}

std::string refused_keys(const Json& self, kube::Part part) {
  std::string out;
  for (auto it = self.begin(); it != self.end(); ++it) {
    const auto* value = it->get_ptr<const std::string*>();
    const auto why = kube::why_refused(part, it.key(), value != nullptr ? *value : "");
    if (why) out += (out.empty() ? "" : ", ") + it.key() + " (" + *why + ")";
  }
  return out;
}

std::string refused_labels(const Json& self) { return refused_keys(self, kube::Part::kLabel); }

std::string refused_annotations(const Json& self) {
  return refused_keys(self, kube::Part::kAnnotation);
}

std::string refused_type(const Json& self) {
  const auto* type = self.get_ptr<const std::string*>();
  return type == nullptr ? "" : kube::why_refused(kube::Part::kType, *type, "").value_or("");
}

bool labels_are_harmless(const Json& self, const Json*) { return refused_labels(self).empty(); }

bool annotations_are_harmless(const Json& self, const Json*) {
  return refused_annotations(self).empty();
}

bool secret_type_is_harmless(const Json& self, const Json*) { return refused_type(self).empty(); }

bool data_well_named(const Json& self, const Json*) {
  return all_keys(self, [](const std::string& k) {
    return k.size() <= 253 && matches(k, "^[.]?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$");
  });
}

bool group_name_plain(const Json& self, const Json*) {
  const auto* text = self.get_ptr<const std::string*>();
  return text == nullptr || !base::misleads(*text);
}

bool renew_before_given_once(const Json& self, const Json*) {
  return !has(self, {"renewBefore"}) || !has(self, {"renewBeforePercentage"});
}

bool second_to_year(const Json& self, const Json*) { return between(self, 1, kYear); }

bool hour_to_year(const Json& self, const Json*) { return between(self, kHour, kYear); }

bool zero_to_year(const Json& self, const Json*) {
  return is_zero(self) || between(self, 0, kYear);
}

constexpr Rule kRules[] = {
    {"secret-name-kept", "secretName cannot be changed", "76c55f990ad7", secret_name_kept},
    {"secret-name-is-harmless", "a name by which other software", "4c02e477ee1c",
     secret_name_is_harmless, refused_name},
    {"one-off-used-once", "a one-off key can be used once", "9372ba49d0df", one_off_used_once},
    {"usage-percent-has-limit", "rotation.usagePercent is a share of usageLimit", "64c9f3bfb16a",
     usage_percent_has_limit},
    {"percentage-has-lifetime", "a key that never expires (expiresIn \"0\") has no lifetime",
     "6fa87194b1e8", percentage_has_lifetime},
    {"renewed-within-lifetime", "rotation.renewBefore must be at least an hour shorter",
     "5ae16bb78b28", renewed_within_lifetime},
    {"percentage-leaves-an-hour", "rotation.renewBeforePercentage must leave", "a25cd8f63f26",
     percentage_leaves_an_hour},
    {"basic-auth-is-whole", "a Secret of the type kubernetes.io/basic-auth", "ca7ea14cc78b",
     basic_auth_is_whole},
    {"ssh-auth-is-whole", "a Secret of the type kubernetes.io/ssh-auth", "685b290e6451",
     ssh_auth_is_whole},
    {"tls-is-whole", "a Secret of the type kubernetes.io/tls", "d1780141aead", tls_is_whole},
    {"docker-config-is-whole", "a Secret of the type kubernetes.io/dockerconfigjson",
     "6ccb2c48d9c6", docker_config_is_whole},
    {"annotations-fit", "secretTemplate.annotations may hold at most", "94734753880a",
     annotations_fit},
    {"data-fits", "secretTemplate.data may hold at most", "7a086d97b29f", data_fits},
    {"data-leaves-key-alone", "secretTemplate.data may not contain the entry", "c78085c2b5eb",
     data_leaves_key_alone},
    {"secret-type-kept", "secretTemplate.type cannot be changed", "6e08e4339c67", secret_type_kept},
    {"expires-within-year", "expiresIn must be between", "9c84a521eb1f", expires_within_year},
    {"group-by-one-way", "a group is given by its id or by its name", "1897fb5d842b",
     group_by_one_way},
    {"group-is-not-all", "NetBird does not take the group All", "5d9fdc135c9e", group_is_not_all},
    {"group-name-plain", "a group's name may hold no control character", "5726054f6578",
     group_name_plain},
    {"labels-not-reserved", "labels beginning with keys.netbird.io/", "762235e506b0",
     labels_not_reserved},
    {"labels-well-named", "a label's name must be", "3873580d9d62", labels_well_named},
    {"annotations-not-reserved", "annotations beginning with keys.netbird.io/", "2fc7bdae9340",
     annotations_not_reserved},
    {"annotations-well-named", "an annotation's name must be", "7cf82cd0a5da",
     annotations_well_named},
    {"labels-are-harmless", "a label by which other software", "fdc853b134d0", labels_are_harmless,
     refused_labels},
    {"annotations-are-harmless", "an annotation by which other software", "d1b0e3043b4d",
     annotations_are_harmless, refused_annotations},
    {"secret-type-is-harmless", "a type by which other software", "abce402e80e9",
     secret_type_is_harmless, refused_type},
    {"data-well-named", "the name of an entry must be", "565d2a8d74dc", data_well_named},
    {"renew-before-given-once", "renewBefore and renewBeforePercentage say the same",
     "f9478231ec29", renew_before_given_once},
    {"renew-before-in-range", "renewBefore must be between", "6f826042b309", second_to_year},
    {"interval-in-range", "interval must be between", "95ad53b33cd4", hour_to_year},
    {"overlap-in-range", "overlap must be at most", "ad0d806c0371", zero_to_year},
};

const Json* child(const Json* value, const std::string& name) {
  return value == nullptr ? nullptr : base::find(*value, {name});
}

void apply(const Json& schema, const Json& value, const Json* before, const std::string& path,
           std::vector<Finding>& out) {
  const Json* rules = base::find(schema, {"x-kubernetes-validations"});
  for (const Json& each : rules != nullptr ? *rules : Json::array()) {
    const std::string message = base::string_or(each, {"message"});
    const Rule* rule = find_rule(message);
    if (rule != nullptr && rule->holds(value, before)) continue;
    std::string place = path + base::string_or(each, {"fieldPath"});
    if (place.starts_with('.')) place.erase(0, 1);
    const std::string shown = value.is_object() ? "\"object\"" : base::dump_json(value);
    std::string said = rule == nullptr ? "nbkeys cannot judge this rule offline: " + message
                                       : "Invalid value: " + shown + ": " + message;
    if (rule != nullptr && rule->detail != nullptr) said += ": " + rule->detail(value);
    out.push_back({std::move(place), std::move(said), false});
  }
}

void walk(const Json& schema, const Json& value, const Json* before, const std::string& path,
          std::vector<Finding>& out) {
  apply(schema, value, before, path, out);
  const std::string prefix = path.empty() ? "" : path + ".";
  const Json* properties = base::find(schema, {"properties"});
  if (value.is_object() && properties != nullptr) {
    for (auto it = properties->begin(); it != properties->end(); ++it) {
      if (!value.contains(it.key())) continue;
      walk(*it, value[it.key()], child(before, it.key()), prefix + it.key(), out);
    }
  }
  const Json* items = base::find(schema, {"items"});
  for (std::size_t i = 0; items != nullptr && value.is_array() && i < value.size(); ++i) {
    // Entries of an atomic list have no former selves.
    walk(*items, value[i], nullptr, path + "[" + std::to_string(i) + "]", out);
  }
}

}  // namespace

const Rule* find_rule(std::string_view message) {
  const auto found = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& rule) {
    return message.starts_with(rule.message_begins);
  });
  return found == std::end(kRules) ? nullptr : &*found;
}

std::vector<Rule> all_rules() { return {std::begin(kRules), std::end(kRules)}; }

std::vector<Finding> check_rules(const Json& schema, const Json& value, const Json* before) {
  std::vector<Finding> out;
  walk(schema, value, before, "", out);
  return out;
}

}  // namespace nbkeys::plugin
