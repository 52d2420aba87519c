#pragma once
// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, read as curl and Go read them; cpprestsdk reads none.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "shell/url.h"

namespace nbkeys::shell {

// The process's environment, passed in so that tests need not change it.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
std::optional<std::string> process_environment(std::string_view name);

// True where an entry of `no_proxy` covers the host: "*", a name ("example.com" covers its
// sub-domains too, ".example.com" only those), an address, or a CIDR block; each with an optional
// port.
bool no_proxy_covers(std::string_view no_proxy, std::string_view host, std::uint16_t port);

// A proxy as people write it, "host:port" or "http://user:password@host:port". kInvalidInput names
// what works, and never quotes the text, which may hold a password.
base::Result<Url> parse_proxy(const std::string& text);

// The proxy for a target, nothing for a direct connection. Loopback targets are never proxied.
base::Result<std::optional<Url>> proxy_for(const Url& target, const Environment& environment);

}  // namespace nbkeys::shell
