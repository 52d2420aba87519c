#include "shell/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace nbkeys::shell {
namespace {

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read address", std::move(message)};
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

// inet_pton() reads up to a zero byte, whatever comes after it.
bool is_address(int family, std::string_view host) {
  in6_addr parsed{};  // large enough for both families
  return host.find('\0') == std::string_view::npos &&
         inet_pton(family, std::string(host).c_str(), &parsed) == 1;
}

bool is_ipv6(std::string_view host) { return is_address(AF_INET6, host); }

// Splits "host:port" or "[v6]:port" and checks both halves.
base::Status read_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad("the '[' of the IPv6 address is not closed");
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!is_ipv6(url.host)) return bad("'" + url.host + "' is not an IPv6 address");
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
    std::transform(url.host.begin(), url.host.end(), url.host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (url.host.empty()) return bad("it has no host name");
    if (!std::all_of(url.host.begin(), url.host.end(), is_host_char)) {
      return bad("'" + url.host + "' is not a host name");
    }
  }
  url.port = url.https ? 443 : 80;
  if (port.empty()) return base::Done{};
  int number = 0;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  if (port[0] != ':' || error != std::errc{} || end != port.data() + port.size() || number < 1 ||
      number > 65'535) {
    return bad("its port is not a number from 1 to 65535");
  }
  url.port = static_cast<std::uint16_t>(number);
  return base::Done{};
}

}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  if (text.size() > 2048) return bad("it is longer than 2048 characters");
  Url url;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    url.https = false;
    text.remove_prefix(7);
  } else {
    return bad("it does not begin with https:// or http://");
  }
  if (text.find_first_of("?#") != std::string_view::npos) return bad("it has a query or fragment");
  const std::size_t slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  const auto path_ok = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\\'; };
  if (!std::all_of(url.path.begin(), url.path.end(), path_ok)) {
    return bad("its path has characters that an address cannot have");
  }
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (base::Status read = read_authority(authority, url); !read) return read.error();
  return url;
}

std::string host_and_port(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

std::string to_text(const Url& url) {
  std::string authority = host_and_port(url);
  if (url.port == (url.https ? 443 : 80)) authority.resize(authority.rfind(':'));
  return (url.https ? "https://" : "http://") + authority + url.path;
}

bool is_ip_literal(std::string_view host) { return is_address(AF_INET, host) || is_ipv6(host); }

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
  return is_ip_literal(host) && host.starts_with("127.");
}

}  // namespace nbkeys::shell
