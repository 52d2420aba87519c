#include "shell/upstream.h"

#include <cpprest/http_client.h>

#include <utility>

#include "shell/clock.h"

namespace nbkeys::shell {
namespace {

// cpprestsdk closes idle connections after 30 to 60 s; the rest is margin.
constexpr base::Duration kIdleMax{120'000};
// Each request has its own total bound; this only ends a step that hangs beyond any of them.
constexpr base::Duration kInactivityMax{120'000};

// cpprestsdk hands the host to the resolver as it stands, which knows no brackets, and takes a
// missing port of a proxy for 0.
web::uri uri_to_connect_to(const Url& url) {
  return web::uri((url.https ? "https://" : "http://") + url.host + ":" + std::to_string(url.port) +
                  url.path);
}

web::web_proxy proxy_of(const Url& url) {
  web::web_proxy out{uri_to_connect_to(url)};
  if (!url.user_info.empty()) {
    const std::size_t colon = url.user_info.find(':');
    const std::string user = url.user_info.substr(0, colon);
    const std::string password = colon == std::string::npos ? "" : url.user_info.substr(colon + 1);
    out.set_credentials(web::credentials(web::uri::decode(user), web::uri::decode(password)));
  }
  return out;
}

}  // namespace

Upstream::Upstream(UpstreamSettings settings, std::shared_ptr<const TlsContext> tls)
    : settings_(std::move(settings)), tls_(std::move(tls)) {
  for (const Pem* pem : {&settings_.tls.ca, &settings_.tls.certificate, &settings_.tls.key}) {
    if (!pem->path.empty()) tls_files_.emplace_back(pem->path);
  }
}

base::Result<std::unique_ptr<Upstream>> Upstream::create(UpstreamSettings settings) {
  std::shared_ptr<const TlsContext> tls;
  if (settings.url.https) {
    auto loaded = TlsContext::load(settings.tls);
    if (!loaded) return loaded.error();
    tls = std::move(*loaded);
  }
  return std::unique_ptr<Upstream>(new Upstream(std::move(settings), std::move(tls)));
}

std::vector<std::string> Upstream::warnings() const {
  auto out = tls_ ? tls_->warnings() : std::vector<std::string>();
  const Token& token = settings_.token;
  if (auto usable = token.current(); !usable) {
    out.push_back(usable.error().message + "; it is read again when it changes");
  } else if (!token.remark().empty()) {
    out.push_back(token.remark());
  }
  return out;
}

base::Result<Connection> Upstream::pooled() {
  if (!pooled_) {
    auto made = fresh(kInactivityMax);
    if (!made) return made;
    pooled_ = std::move(*made);
    answered_at_.reset();
  }
  Connection out = *pooled_;
  out.reused = answered_at_ && mono_now() - *answered_at_ < kIdleMax;
  return out;
}

base::Result<Connection> Upstream::fresh(base::Duration inactivity_max) const {
  Connection out;
  out.trace = std::make_shared<TlsTrace>();
  const std::string& named = settings_.tls.server_name;
  out.trace->host = named.empty() ? settings_.url.host : named;
  // A name that ends in a dot is the same one, looked up without search domains.
  if (out.trace->host.ends_with('.')) out.trace->host.pop_back();
  if (!is_ip_literal(out.trace->host)) out.trace->server_name = out.trace->host;
  try {
    web::http::client::http_client_config config;
    config.set_timeout(inactivity_max);
    config.set_max_redirects(0);
    if (settings_.proxy) config.set_proxy(proxy_of(*settings_.proxy));
    if (tls_) {
      config.set_tlsext_sni_enabled(false);  // tls.cc sends the name
      config.set_validate_certificates(!tls_->insecure());
      config.set_ssl_context_callback(
          [tls = tls_, trace = out.trace](boost::asio::ssl::context& context) {
            tls->apply(context.native_handle(), trace);
          });
    }
    // A proxy looks the host up itself, and takes it with brackets.
    const bool bare = !settings_.proxy && is_ipv6_literal(settings_.url.host);
    if (bare) out.host = authority(settings_.url);
    out.client = std::make_shared<web::http::client::http_client>(
        bare ? uri_to_connect_to(settings_.url) : web::uri(to_text(settings_.url)), config);
  } catch (const std::exception& problem) {
    return base::Error{
        base::ErrorCode::kInvalidInput, "connect",
        "the address of " + settings_.name + " or of its proxy cannot be used: " + problem.what()};
  }
  return out;
}

base::Result<base::SecretText> Upstream::authorization() const {
  base::SecretText out;
  if (!settings_.token.needed()) return out;
  auto token = settings_.token.current();
  if (!token) return token.error();
  out.append(settings_.auth_scheme);
  out.append(" ");
  out.append((*token)->reveal());
  return out;
}

base::Result<bool> Upstream::refresh_tls() {
  bool changed = false;
  for (FileWatch& file : tls_files_) changed = file.changed() || changed;
  if (!changed || !tls_) return false;
  auto loaded = TlsContext::load(settings_.tls);
  if (!loaded) return loaded.error();
  if ((*loaded)->fingerprint() == tls_->fingerprint()) return false;
  tls_ = std::move(*loaded);
  pooled_.reset();
  return true;
}

}  // namespace nbkeys::shell
