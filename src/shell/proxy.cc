#include "shell/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace nbkeys::shell {
namespace {

struct Address {
  std::array<unsigned char, 16> bytes{};
  int bits = 0;  // 32 or 128
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  Address out;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) {
    out.bits = 32;
  } else if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) {
    out.bits = 128;
  } else {
    return std::nullopt;
  }
  return out;
}

bool in_block(std::string_view block, const Address& address) {
  const std::size_t slash = block.find('/');
  const auto network = parse_address(block.substr(0, slash));
  if (!network || network->bits != address.bits) return false;
  int bits = -1;
  const std::string_view width = block.substr(slash + 1);
  const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), bits);
  if (error != std::errc{} || end != width.data() + width.size()) return false;
  if (bits < 0 || bits > address.bits) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (std::memcmp(network->bytes.data(), address.bytes.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const int mask = 0xff << (8 - bits % 8) & 0xff;
  return (network->bytes[whole] & mask) == (address.bytes[whole] & mask);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Takes ":port" off the end of an entry; false where it names another port.
bool port_matches(std::string& entry, std::uint16_t port) {
  std::size_t colon = entry.rfind(':');
  if (entry.starts_with('[')) {
    const std::size_t bracket = entry.find(']');
    if (bracket == std::string::npos) return false;
    colon = bracket + 1 < entry.size() ? bracket + 1 : std::string::npos;
  } else if (colon != std::string::npos && entry.find(':') != colon) {
    return true;  // a bare IPv6 address
  }
  bool same = true;
  if (colon != std::string::npos) {
    same = entry.substr(colon + 1) == std::to_string(port);
    entry.resize(colon);
  }
  if (entry.starts_with('[')) entry = entry.substr(1, entry.size() - 2);
  return same;
}

bool entry_covers(std::string entry, std::string_view host, std::uint16_t port) {
  if (entry == "*") return true;
  const auto address = parse_address(host);
  if (entry.find('/') != std::string::npos) return address && in_block(entry, *address);
  if (!port_matches(entry, port)) return false;
  if (entry.starts_with("*.")) entry.erase(0, 1);
  if (const auto own = parse_address(entry)) {
    return address && own->bits == address->bits && own->bytes == address->bytes;
  }
  if (entry.empty() || address) return false;
  if (entry.front() == '.') return host.ends_with(entry);
  return host == entry || host.ends_with("." + entry);
}

struct Variable {
  std::string_view name;
  std::string value;
};

Variable first_of(const Environment& environment, std::string_view a, std::string_view b) {
  for (const std::string_view name : {a, b}) {
    if (auto value = environment(name); value && !value->empty()) return {name, std::move(*value)};
  }
  return {};
}

base::Error unusable(std::string cause) {
  return {base::ErrorCode::kInvalidInput, "read proxy",
          std::move(cause) +
              "; write it as http://host:port: a proxy that is spoken to in plain "
              "http and that TLS passes through by CONNECT"};
}

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool no_proxy_covers(std::string_view no_proxy, std::string_view host, std::uint16_t port) {
  while (!no_proxy.empty()) {
    const std::size_t end = no_proxy.find_first_of(", \t");
    const std::string_view entry = no_proxy.substr(0, end);
    if (!entry.empty() && entry_covers(lower(entry), host, port)) return true;
    no_proxy.remove_prefix(end == std::string_view::npos ? no_proxy.size() : end + 1);
  }
  return false;
}

base::Result<Url> parse_proxy(const std::string& text) {
  constexpr std::size_t kSchemeMax = 10;
  const auto is_scheme_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+';
  };
  const std::size_t end = text.find("://");
  const std::string scheme = lower(end == std::string::npos ? "http" : text.substr(0, end));
  if (scheme != "http") {
    const bool shown =
        scheme.size() <= kSchemeMax && std::all_of(scheme.begin(), scheme.end(), is_scheme_char);
    return unusable("a proxy of the kind " + (shown ? scheme + "://" : "that it names") +
                    " does not work here");
  }
  auto url = parse_url("http://" + text.substr(end == std::string::npos ? 0 : end + 3));
  if (!url) return unusable(url.error().message);
  return url;
}

base::Result<std::optional<Url>> proxy_for(const Url& target, const Environment& environment) {
  if (is_loopback(target.host)) return std::optional<Url>();
  const Variable address = target.https ? first_of(environment, "HTTPS_PROXY", "https_proxy")
                                        : first_of(environment, "HTTP_PROXY", "http_proxy");
  if (address.value.empty()) return std::optional<Url>();
  const std::string exceptions = first_of(environment, "NO_PROXY", "no_proxy").value;
  if (no_proxy_covers(exceptions, target.host, target.port)) return std::optional<Url>();
  auto url = parse_proxy(address.value);
  if (!url) {
    return base::Error{base::ErrorCode::kInvalidInput, "read proxy",
                       "the environment variable " + std::string(address.name) +
                           " cannot be used: " + url.error().message};
  }
  return std::optional<Url>(std::move(*url));
}

}  // namespace nbkeys::shell
