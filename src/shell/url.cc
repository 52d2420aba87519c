#include "shell/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/trim.h"
#include "base/words.h"

namespace nbkeys::shell {
namespace {

// What the HTTP library takes as well.
constexpr std::string_view kPathCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=%/:@";

base::Error bad(std::string message) {
  return {base::ErrorCode::kInvalidInput, "read address", std::move(message)};
}

// In one line of an error.
std::string shown(std::string_view text) {
  constexpr std::size_t kShownMax = 200;
  return base::foreign_words(text, kShownMax);
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

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// The shortest form, so that one address has one text. REQUIRES: is_ipv6_literal(host)
std::string shortest(const std::string& host) {
  in6_addr parsed{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_pton(AF_INET6, host.c_str(), &parsed);
  return inet_ntop(AF_INET6, &parsed, text.data(), text.size());
}

base::Status read_host(std::string_view text, Url& url) {
  url.host = lower(text);
  if (url.host.empty()) return bad("it has no host name");
  if (std::all_of(url.host.begin(), url.host.end(), is_host_char)) return base::Done{};
  return bad("'" + shown(url.host) + "' is not a host name");
}

// Splits "host:port" or "[v6]:port" and checks both halves.
base::Status read_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad("the '[' of the IPv6 address is not closed");
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!is_ipv6_literal(url.host)) {
      return bad("'" + shown(url.host) + "' is not an IPv6 address");
    }
    url.host = shortest(url.host);
  } else {
    const std::size_t colon = authority.find(':');
    if (colon != authority.rfind(':') &&
        authority.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos) {
      return bad("an IPv6 address is written in brackets, as in https://[fd00::1]:443");
    }
    if (base::Status read = read_host(authority.substr(0, colon), url); !read) return read;
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  url.port = url.https ? 443 : 80;
  if (port.empty() || port == ":") return base::Done{};
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
  const std::size_t scheme_end = text.find("://");
  const std::string scheme =
      scheme_end == std::string_view::npos ? "" : lower(text.substr(0, scheme_end));
  if (scheme == "https") {
    text.remove_prefix(8);
  } else if (scheme == "http") {
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
  if (url.path.find_first_not_of(kPathCharacters) != std::string::npos) {
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

base::Result<Url> parse_netbird_url(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n", kApi = "/api";
  text = base::trimmed(text, kSpace);
  if (text.find('@') != std::string_view::npos) {
    // Not shown: what stands there is a password.
    return bad(
        "a user name or password has no place in it; the token goes into --netbird-token-file");
  }
  auto url = parse_url(text);
  if (!url) {
    return bad("'" + shown(text) + "' cannot be used: " + url.error().message);
  }
  if (url->path.ends_with(kApi)) url->path.resize(url->path.size() - kApi.size());
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

std::string host_and_port(const Url& url) {
  return (is_ipv6_literal(url.host) ? "[" + url.host + "]" : url.host) + ":" +
         std::to_string(url.port);
}

std::string authority(const Url& url) {
  std::string out = host_and_port(url);
  if (url.port == (url.https ? 443 : 80)) out.resize(out.rfind(':'));
  return out;
}

std::string to_text(const Url& url) {
  return (url.https ? "https://" : "http://") + authority(url) + url.path;
}

bool is_ipv6_literal(std::string_view host) { return is_address(AF_INET6, host); }

bool is_ip_literal(std::string_view host) {
  return is_address(AF_INET, host) || is_ipv6_literal(host);
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
  return is_ip_literal(host) && host.starts_with("127.");
}

}  // namespace nbkeys::shell
