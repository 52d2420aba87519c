#pragma once
// NetBird's management API as a pure state machine: setup keys, groups, the token's user, who
// is a service user, and its account. Answers as NetBird 0.77 does, refusals included. Whose token
// it is, is decided by whoever stands in front.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "fakes/json.h"
#include "fakes/url.h"
#include "io/http.h"

namespace nbkeys::fakes {

class FakeNetBird {
 public:
  explicit FakeNetBird(std::uint64_t seed = 1);

  io::HttpResponse handle(const io::HttpRequest& request, base::Now now);

  // A peer enrols with a key's plaintext. False where NetBird would refuse it.
  bool enrol(std::string_view plaintext, base::Now now);
  // All keys as a list shows them.
  Json keys(base::Now now) const;
  std::string add_group(const std::string& name);
  void remove_group(const std::string& id) { groups_.erase(id); }
  void rename_group(const std::string& id, const std::string& name) { groups_[id] = name; }
  const std::map<std::string, std::string>& groups() const { return groups_; }  // id -> name
  // The key ends now, whatever it was issued with.
  void expire_key(const std::string& id, base::WallTime at);
  void remove_key(const std::string& id) { keys_.erase(id); }
  void revoke_key(const std::string& id);
  // Every plaintext that was ever handed out, for the search for leaks.
  const std::vector<std::string>& plaintexts() const { return plaintexts_; }

  // The server's own limiter: 429 without Retry-After beyond it. 0 switches it off.
  void set_limiter(int requests_per_minute, int burst);
  // Lists of keys show what was there so long ago, as from a replica or a cache.
  void set_list_lag(base::Duration lag);
  // The role of the token's user allows writing; reading is always allowed.
  void set_may_write(bool may_write) { may_write_ = may_write; }
  // What a list of keys shows besides, word by word: entries of others.
  void add_odd_entry(Json entry) { odd_entries_.push_back(std::move(entry)); }
  // As this account's list has it.
  const std::string& account_id() const { return account_id_; }

 private:
  struct Key {
    std::string plaintext;
    std::string name;
    std::string type;
    std::optional<base::WallTime> expires;
    bool revoked = false;
    std::int64_t used_times = 0;
    std::int64_t usage_limit = 0;
    std::optional<base::WallTime> last_used;
    std::vector<std::string> auto_groups;
    bool ephemeral = false;
    bool allow_extra_dns_labels = false;
    base::WallTime updated_at;
  };

  io::HttpResponse route(const io::HttpRequest& request, const Url& url, base::Now now);
  io::HttpResponse keys_call(const io::HttpRequest& request, const std::string& id, base::Now now);
  io::HttpResponse groups_call(const io::HttpRequest& request, const std::string& id,
                               base::Now now);
  io::HttpResponse list_keys(base::Now now) const;
  io::HttpResponse create_key(const io::HttpRequest& request, base::Now now);
  io::HttpResponse update_key(const std::string& id, const Json& body, base::Now now);
  io::HttpResponse users_call(const std::string& id, const Url& url) const;
  Json account() const;
  std::optional<std::string> refused_groups(const Json& groups) const;
  bool within_limit(base::Instant now);
  void remember(base::Instant now);
  std::string new_id(base::WallTime now);
  std::string new_plaintext();
  static std::string state_of(const Key& key, base::WallTime now);
  static Json view(const std::string& id, const Key& key, bool full, base::WallTime now);

  using Keys = std::map<std::string, Key>;

  base::Random random_;
  std::uint64_t ids_of_ = 0;  // this server's part of each id
  std::uint32_t last_id_ = 0;
  std::string account_id_;
  bool may_write_ = true;
  base::Duration list_lag_{0};
  std::deque<std::pair<base::Instant, Keys>> past_;  // the keys since then, oldest first
  std::vector<Json> odd_entries_;
  Keys keys_;
  std::map<std::string, std::string> groups_;  // id -> name
  std::vector<std::string> plaintexts_;
  int limit_per_minute_ = 0;
  int limit_burst_ = 0;
  double limit_tokens_ = 0;
  base::Instant limit_at_;
};

}  // namespace nbkeys::fakes
