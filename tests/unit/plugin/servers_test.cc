#include "plugin/servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "unit/shell/on_pool.h"
#include "unit/shell/temp_folder.h"
#include "unit/shell/tiny_server.h"

namespace nbkeys::plugin {
namespace {

using shell::TinyServer;
using testing::ElementsAre;
using testing::HasSubstr;

std::string packed(const std::string& text) {
  return std::string(base::base64_encode(text).reveal());
}

// A cluster without an operator, whose token Secret holds this; `seen` is what NetBird is sent.
class Servers : public testing::Test {
 protected:
  TinyServer::Reply answer(const std::string& request) {
    if (request.starts_with("GET /api/v1/namespaces/nbkeys-system/secrets/netbird-token ")) {
      return {shell::answer(200, R"({"data":{"NB_API_KEY":")" + packed(secret_) + "\"}}")};
    }
    return {shell::answer(200, R"({"items":[]})")};
  }
  base::Result<NetBird> open(const std::string& token_file = "") {
    shell::ensure_pool();
    shell::UpstreamSettings kube;
    kube.name = "the Kubernetes API server";
    kube.url = {false, "", "127.0.0.1", server_.port(), ""};
    link_ = std::move(*Link::open(std::move(kube)));
    Access access;
    access.netbird_url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/api/";
    access.netbird_token_file = token_file;
    return open_netbird(access, *link_);
  }
  // What NetBird gets to see for a token.
  std::string sent(NetBird& netbird) {
    io::HttpRequest request;
    request.path = "/api/setup-keys";
    request.timeout = base::Duration{5'000};
    EXPECT_TRUE(netbird.link->call(std::move(request)).ok());
    const std::string seen = server_.requests().back();
    EXPECT_THAT(seen, testing::StartsWith("GET /api/setup-keys "))
        << "whatever the address ends in";
    const std::size_t at = seen.find("Authorization:");
    return at == std::string::npos ? "" : seen.substr(at, seen.find('\r', at) - at);
  }

  std::string secret_;
  TinyServer server_{[this](const std::string& request, const auto&) { return answer(request); }};
  std::unique_ptr<Link> link_;
};

TEST_F(Servers, TheTokenSecretIsUnderstoodAsTheOperatorUnderstandsItsFile) {
  secret_ = packed("nbp_abc\n");  // encoded twice
  auto netbird = open();
  ASSERT_TRUE(netbird.ok()) << netbird.error().message;
  EXPECT_THAT(netbird->warnings,
              ElementsAre("the token in Secret nbkeys-system/netbird-token, entry NB_API_KEY, is "
                          "used without what stands around it (base64)"));
  EXPECT_EQ(sent(*netbird), "Authorization:Token nbp_abc");
}

TEST_F(Servers, ATokenFileIsUnderstoodTheSame) {
  const shell::TempFolder folder;
  auto netbird = open(folder.write("t", "\xef\xbb\xbf\"nbp_abc\"\r\n"));
  ASSERT_TRUE(netbird.ok()) << netbird.error().message;
  EXPECT_THAT(netbird->warnings,
              ElementsAre(HasSubstr("without what stands around it (a byte order mark, quotes)")));
  EXPECT_EQ(sent(*netbird), "Authorization:Token nbp_abc");
}

TEST_F(Servers, ATokenSecretThatHoldsNoneIsNamed) {
  secret_ = " \n";
  const auto netbird = open();
  ASSERT_FALSE(netbird.ok());
  EXPECT_EQ(netbird.error().message,
            "the token in Secret nbkeys-system/netbird-token, entry NB_API_KEY, cannot be used: it "
            "is empty");
}

}  // namespace
}  // namespace nbkeys::plugin
