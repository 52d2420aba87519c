#pragma once
// A World with one SetupKey in it, and answers to its requests.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "cache/mark.h"
#include "engine/act.h"
#include "engine/observe.h"
#include "engine/world.h"

namespace nbkeys::engine::testing {

inline constexpr const char* kKey = "A616097E-FCF0-48FA-9354-CA4A61142761";
inline constexpr const char* kUid = "uid-1";

inline base::Json json(std::string_view text) {
  auto parsed = base::parse_json(text, "test");
  return parsed ? *parsed : base::Json("this test's own JSON is broken");
}

inline std::string setup_key_text(int version, const std::string& status = "{}",
                                  const std::string& uid = kUid, const std::string& spec = "{}") {
  return R"({"metadata":{"namespace":"ns","name":"fleet","uid":")" + uid +
         R"(","resourceVersion":")" + std::to_string(version) +
         R"(","generation":1,"finalizers":["keys.netbird.io/setup-key"]},"spec":)" + spec +
         R"(,"status":)" + status + "}";
}

// Metadata of the Secret; `label` empty: stripped.
inline std::string secret_text(int version, std::uint32_t revision, const std::string& label = kUid,
                               const std::string& data = "{}") {
  std::string labels =
      label.empty() ? "{}" : R"({"keys.netbird.io/setupkey-uid":")" + label + "\"}";
  return R"({"metadata":{"namespace":"ns","name":"fleet","uid":"secret-uid","resourceVersion":")" +
         std::to_string(version) + R"(","labels":)" + labels +
         R"(,"annotations":{"keys.netbird.io/revision":")" + std::to_string(revision) +
         R"(","keys.netbird.io/key-id":"id1","keys.netbird.io/digest":")" + base::sha256_hex(kKey) +
         R"("},"ownerReferences":[{"apiVersion":"keys.netbird.io/v1alpha1",)" +
         R"("kind":"SetupKey","controller":true,"uid":")" + kUid + R"("}]},"data":)" + data + "}";
}

inline std::string netbird_key_text(const std::string& id, std::uint32_t revision,
                                    const std::string& key = "A6160****") {
  return R"({"id":")" + id + R"(","state":"valid","name":")" +
         cache::marked_name("fleet", {cache::owner_of(kUid), revision}) + R"(","key":")" + key +
         R"(","auto_groups":[]})";
}

inline io::HttpOutcome answer(int status, std::string body = "{}") {
  io::HttpResponse response;
  response.status = status;
  response.body = base::SecretText(std::move(body));
  return response;
}
inline io::HttpOutcome lost() {
  return base::Error{base::ErrorCode::kUnknown, "send", "connection reset"};
}

class WorldTest : public ::testing::Test {
 protected:
  WorldTest() { store(setup_key_text(10)); }

  void store(const std::string& text) {
    auto parsed = kube::parse_setup_key(json(text));
    ASSERT_TRUE(parsed.ok());
    put_setup_key(world, std::move(*parsed));
    world.flights[ref];
  }
  Pending pending(Action action) {
    const std::string version = resource() == nullptr ? "" : resource()->meta.resource_version;
    return {ref,      kUid,    cache::owner_of(kUid),     "settings", std::move(action), true,
            now.mono, version, world.secrets.seen_at(ref)};
  }
  Effect answered(Action action, io::HttpOutcome outcome, bool same_term = true) {
    Pending asked = pending(std::move(action));
    asked.same_term = same_term;
    return apply_answer(asked, std::move(outcome), now, world, out);
  }
  Flight& flight() { return world.flights[ref]; }
  const kube::SetupKey* resource() const { return world.setup_keys.find(ref); }
  Observed observed() { return observe(world, *resource(), flight(), cache::owner_of(kUid), now); }

  const kube::ObjectRef ref{"ns", "fleet"};
  base::Now now{{base::Duration{100'000}}, {base::Duration{1'800'000'000'000}}};
  Options options;
  World world{options};
  io::Outbox out;
};

}  // namespace nbkeys::engine::testing
