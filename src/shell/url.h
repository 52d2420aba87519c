#pragma once
// http(s) addresses as the flags, kubeconfig files and proxy variables give them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nbkeys::shell {

struct Url {
  bool https = true;
  std::string user_info;  // "user:password", still percent-encoded; proxies only
  std::string host;       // lower case; an IPv6 literal in its shortest form, without its brackets
  std::uint16_t port = 443;
  std::string path;  // without a trailing '/', so "" or "/some/prefix"
};

// kInvalidInput with the cause in words. Queries and fragments are refused.
base::Result<Url> parse_url(std::string_view text);

// NetBird's address as people copy it: white space around it is dropped, and so is the /api at its
// end, with which the address of the API is often given and which each request has anyway. The
// cause shows the address, except where it may hold a password.
base::Result<Url> parse_netbird_url(std::string_view text);

// "https://host/path", with the port where it is not the usual one, never with the user info.
std::string to_text(const Url& url);
std::string host_and_port(const Url& url);
// As it stands in a Host header: the port only where it is not the usual one.
std::string authority(const Url& url);

bool is_ipv6_literal(std::string_view host);
bool is_ip_literal(std::string_view host);
// localhost, *.localhost, 127.0.0.0/8, ::1
bool is_loopback(std::string_view host);

}  // namespace nbkeys::shell
