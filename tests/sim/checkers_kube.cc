// What the operator may do at Kubernetes: write no Secret that is not its own, say Ready only of a
// key that is there, and read nothing that may be stale without saying so.

#include "base/hash.h"
#include "sim/checker.h"

namespace nbkeys::sim {
namespace {

using fakes::at_path;
using fakes::text_at;

// What is said of a key may rest on a list that is as old as a resync (300 s and 10 %), a Secret
// seen before a stream broke, and a request under way.
constexpr base::Duration kKnowledgeMax{900'000};

class SecretsChecker : public Checker {
 public:
  SecretsChecker(const Ledger& ledger, Findings& findings) : Checker("secrets", ledger, findings) {}

  void storing(base::Now, int by, const std::string& resource, const fakes::Object& before,
               const fakes::Object& after) override {
    if (resource != "secrets" || by == kPerson) return;
    if (after) carries_a_live_key(before, *after);
    if (!before) return;
    const std::string uid = after ? owner(*after) : owner(*before);
    if (Ledger::belongs(*before, uid) && !uid.empty()) return;
    fail("writes Secret " + text_at(*before, {"metadata", "name"}) + ", which is not its own");
  }

  void applied(const Act& act, const io::HttpResponse&) override {
    const bool secret_path = act.request.path.find("/secrets") != std::string::npos;
    if (act.by == kPerson || act.request.server != io::Server::kKube || !secret_path) return;
    if (act.request.method == io::Method::kDelete) fail("deletes a Secret: " + act.request.path);
  }

 private:
  // A key that an operator has deleted must not come into a Secret any more, from no hand.
  void carries_a_live_key(const fakes::Object& before, const Json& after) {
    const std::string plain = ledger_.key_in(after);
    if (plain.empty() || (before && ledger_.key_in(*before) == plain)) return;
    const IssuedKey* key = ledger_.key_of_plaintext(plain);
    const KnownSetupKey* of = ledger_.setup_key_of_owner(key->mark.owner);
    const bool ends = of == nullptr || of->gone || of->revoked_seen ||
                      at_path(*of->last, {"metadata", "deletionTimestamp"}).is_string();
    if (key->gone_at && key->deleted_by_operator && !ends) {
      fail("writes the deleted key " + key->id + " into Secret " +
           text_at(after, {"metadata", "name"}));
    }
  }

  static std::string owner(const Json& secret) {
    for (const Json& reference : at_path(secret, {"metadata", "ownerReferences"})) {
      if (text_at(reference, {"kind"}) == "SetupKey") return text_at(reference, {"uid"});
    }
    return text_at(secret, {"metadata", "labels", "keys.netbird.io/setupkey-uid"});
  }
};

const Json* condition(const Json& object, const std::string& type) {
  for (const Json& found : at_path(object, {"status", "conditions"})) {
    if (text_at(found, {"type"}) == type) return &found;
  }
  return nullptr;
}

bool ready(const fakes::Object& object) {
  const Json* found = object ? condition(*object, "Ready") : nullptr;
  return found != nullptr && text_at(*found, {"status"}) == "True";
}

class ReadyChecker : public Checker {
 public:
  ReadyChecker(const Ledger& ledger, Findings& findings) : Checker("ready", ledger, findings) {}

  void storing(base::Now at, int by, const std::string& resource, const fakes::Object& before,
               const fakes::Object& after) override {
    if (resource != "setupkeys" || by == kPerson || !after) return;
    const std::string id = text_at(*after, {"status", "keyID"});
    const bool news = !ready(before) || id != text_at(*before, {"status", "keyID"});
    if (!ready(after) || !news) return;
    const std::string reason = text_at(*condition(*after, "Ready"), {"reason"});
    if (reason == "Revoked" || reason == "Used" || reason == "Suspended") return;
    const std::string who = text_at(*after, {"metadata", "name"});
    const IssuedKey* key = ledger_.key(id);
    if (key == nullptr) return fail(who + " is Ready with a key that was never issued");
    const bool gone = key->gone_at && at.mono - *key->gone_at > kKnowledgeMax;
    if (gone) fail(who + " is Ready although its key is gone from NetBird for long");
    const KnownSecret* secret =
        ledger_.secret(text_at(*after, {"metadata", "namespace"}), secret_name_of(*after));
    // A Secret that somebody has just deleted or altered is seen a moment later.
    if (secret == nullptr || secret->key == key->plaintext) return;
    const bool was_there =
        at.mono - secret->changed_at <= kKnowledgeMax && secret->carried_before == key->plaintext;
    if (!was_there && secret->made_by_operator && secret->key_by_operator) {
      fail(who + " is Ready although its Secret carries another key");
    }
  }
};

class ReadsChecker : public Checker {
 public:
  ReadsChecker(const Ledger& ledger, Findings& findings) : Checker("reads", ledger, findings) {}

  void sent(const Act& act) override {
    if (act.request.server != io::Server::kKube || act.request.method != io::Method::kGet) return;
    if (act.request.path.find("resourceVersion=") != std::string::npos) {
      fail("a read that may be answered from a stale cache: " + act.request.path);
    }
  }
};

}  // namespace

std::unique_ptr<Checker> make_secrets_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<SecretsChecker>(ledger, findings);
}

std::unique_ptr<Checker> make_ready_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<ReadyChecker>(ledger, findings);
}

std::unique_ptr<Checker> make_reads_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<ReadsChecker>(ledger, findings);
}

}  // namespace nbkeys::sim
