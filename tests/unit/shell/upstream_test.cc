#include "shell/upstream.h"

#include <cpprest/http_client.h>
#include <gtest/gtest.h>

#include "on_pool.h"

namespace nbkeys::shell {
namespace {

// What a proxy at its scheme's usual port is to the library: it takes a missing port for 0.
TEST(Upstream, TellsTheLibraryThePortOfAProxyInAnyCase) {
  ensure_pool();
  for (const char* written :
       {"http://proxy.test", "http://proxy.test:80", "http://proxy.test:3128"}) {
    UpstreamSettings settings;
    settings.name = "NetBird";
    settings.url = *parse_url("http://netbird.test");
    settings.proxy = *parse_url(written);
    auto upstream = Upstream::create(std::move(settings));
    ASSERT_TRUE(upstream.ok());
    run_on_pool([&]() {
      auto connection = (*upstream)->pooled();
      ASSERT_TRUE(connection.ok());
      const auto& proxy = connection->client->client_config().proxy().address();
      EXPECT_EQ(proxy.host(), "proxy.test");
      EXPECT_EQ(proxy.port(), (*upstream)->settings().proxy->port) << written;
    });
  }
}

}  // namespace
}  // namespace nbkeys::shell
