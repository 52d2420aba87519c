// Addresses, proxies and tokens as flags, variables and files give them.

#include <algorithm>

#include "fuzz/target.h"
#include "shell/proxy.h"
#include "shell/token_text.h"
#include "shell/url.h"

namespace nbkeys::fuzz {
namespace {

bool same(const shell::Url& a, const shell::Url& b) {
  return a.https == b.https && a.host == b.host && a.port == b.port && a.path == b.path;
}

void address(std::string_view text) {
  const auto url = shell::parse_url(text);
  if (!url) {
    PROMISE(!url.error().message.empty() && url.error().message.size() < 2'200);
    return;
  }
  PROMISE(!url->host.empty() && url->port > 0);
  PROMISE(!url->path.ends_with('/'));
  const std::string shown = shell::to_text(*url);
  PROMISE(std::all_of(shown.begin(), shown.end(), [](char c) { return c > ' ' && c < 127; }));
  PROMISE(shown.find('@') == std::string::npos || url->path.find('@') != std::string::npos);
  const auto again = shell::parse_url(shown);
  PROMISE(again.ok() && same(*again, *url) && again->user_info.empty());
  PROMISE(!shell::is_loopback(url->host) || url->host.starts_with("127.") || url->host == "::1" ||
          url->host.ends_with("localhost"));
}

void netbird_address(std::string_view text) {
  const auto url = shell::parse_netbird_url(text);
  if (!url) {
    PROMISE(url.error().message.size() < 2'500 &&
            url.error().message.find('\n') == std::string::npos);
    return;
  }
  PROMISE(url->user_info.empty() && !url->path.ends_with('/'));
  const auto again = shell::parse_url(shell::to_text(*url));
  PROMISE(again.ok() && same(*again, *url));
}

void proxy(std::string_view proxy_url, std::string_view exceptions, std::string_view target) {
  const auto environment = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "NO_PROXY") return std::string(exceptions);
    if (name.ends_with("S_PROXY") || name == "HTTP_PROXY") return std::string(proxy_url);
    return std::nullopt;
  };
  const auto url = shell::parse_url(target);
  if (!url) return;
  const auto chosen = shell::proxy_for(*url, environment);
  if (chosen && *chosen) {
    PROMISE(!(*chosen)->https && !(*chosen)->host.empty());
    PROMISE(!shell::is_loopback(url->host));
    PROMISE(!shell::no_proxy_covers(exceptions, url->host, url->port));
  }
  PROMISE(shell::no_proxy_covers("*", url->host, url->port));
}

void token(std::string_view text) {
  base::SecretText bytes;
  bytes.append(text);
  const auto found = shell::read_token(bytes);
  if (!found) {
    PROMISE(found.error().message.size() < 80);
    return;
  }
  const std::string_view value = found->value.reveal();
  PROMISE(found->taken_off.size() < 400);
  PROMISE(!value.empty());
  // It goes into a header as it is.
  PROMISE(std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 127; }));
  const auto again = shell::read_token(found->value);
  PROMISE(again.ok() && again->value.reveal() == value && again->taken_off.empty());
}

}  // namespace

// An address, a proxy and the exceptions from it, on a line each.
FUZZ_TARGET(address) {
  address(bytes);
  token(bytes);
  Script script(bytes);
  const std::string_view target = script.text_until('\n');
  const std::string_view proxy_url = script.text_until('\n');
  address(target);
  netbird_address(target);
  netbird_address(bytes);
  proxy(proxy_url, script.rest(), target);
}

}  // namespace nbkeys::fuzz
