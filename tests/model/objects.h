#pragma once
// The two Kubernetes objects of the small world as numbers: a version is the content, interned as
// JSON text, and the resource version, kept apart so that equal histories are equal states. The
// Secret's resource version that a SetupKey's status records is kept apart for the same reason.

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "io/http.h"
#include "kube/secret.h"
#include "kube/setup_key.h"

namespace nbkeys::model {

using Json = nlohmann::json;

inline constexpr const char* kNamespace = "demo";
inline constexpr const char* kName = "fleet";
inline constexpr const char* kUid = "4f1c7a52-6a0e-4a57-9c57-0a8c9c1f2b11";

struct KeyVersion {
  int content = 0;  // 0: the object is gone
  int rv = 0;
  int bound = 0;  // status.binding.resourceVersion; 0: none
  bool operator==(const KeyVersion&) const = default;
};

struct SecretVersion {
  int content = 0;  // 0: absent
  int rv = 0;
  bool operator==(const SecretVersion&) const = default;
};

// A request under way, with its precondition kept apart. kNone: it carries none.
struct Request {
  static constexpr int kNone = -1, kCleared = -2;
  int text = 0;  // "METHOD path\nbody"
  int expected_rv = kNone;
  int bound = kNone;
  int account = 0;  // at NetBird, to which its token belongs
  bool operator==(const Request&) const = default;
};

class Texts {
 public:
  int id(const std::string& text);
  const std::string& of(int id) const { return texts_[static_cast<std::size_t>(id - 1)]; }

 private:
  std::unordered_map<std::string, int> ids_;
  std::deque<std::string> texts_;
};

// What is interned lives as long as the process: every run shares it.
class Objects {
 public:
  KeyVersion pack_key(Json object);
  SecretVersion pack_secret(Json object);
  Request pack_request(const io::HttpRequest& request);

  Json key_json(const KeyVersion& version);
  Json secret_json(const SecretVersion& version);
  kube::SetupKey key(const KeyVersion& version);
  // Parsed once for each content, for checks that look at content only.
  const kube::SetupKey& key_content(int content);
  const kube::SecretMeta& secret_content(int content);
  // The key whose plaintext the Secret holds; 0 where it holds none of ours.
  int key_in_secret(int content);
  bool secret_is_ours(int content);
  const std::string& text(int id) const { return texts_.of(id); }
  int intern(const std::string& text) { return texts_.id(text); }

 private:
  Texts texts_;
  std::unordered_map<int, kube::SetupKey> keys_;
  std::unordered_map<int, kube::SecretMeta> secrets_;
  std::unordered_map<int, int> in_secrets_;
};

Objects& objects();

// A key's number is its revision, and tells as well which of two clusters claimed it.
inline constexpr int kOfTheCopy = 16;
inline int number_of(int side, int revision) { return side * kOfTheCopy + revision; }
inline int side_of(int key) { return key / kOfTheCopy; }
inline int revision_of(int key) { return key % kOfTheCopy; }
inline std::uint32_t bit_of(int key) { return 1u << key; }
std::string plaintext(int key);
std::string account_id(int account);
std::string key_id(int key);
int number_in(const std::string& key_id);
// One cluster counts its claims, and of two for one revision only one can be written. So a key's
// ticket is its number.
kube::TicketWord ticket_of(int key);
int number_in(kube::TicketWord ticket);

}  // namespace nbkeys::model
