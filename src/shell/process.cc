#include "shell/process.h"

#include <utility>

#include "shell/clock.h"
#include "telemetry/names.h"

namespace nbkeys::shell {
namespace {

// Token files are looked at with each beat: a stat() each, so that a new token counts at once.
constexpr base::Duration kBeat{1'000};
constexpr std::uint64_t kBeatsPerCertificateCheck = 30;
// Probes wait behind a scrape, and a loop that is busy for longer is news by itself.
constexpr base::Duration kScrapePatience{2'000};

}  // namespace

Process::Process(Parts parts, telemetry::Log& log, telemetry::Metrics& metrics,
                 Supervisor& supervisor)
    : kube_(std::move(parts.kube)),
      netbird_(std::move(parts.netbird)),
      log_(log),
      metrics_(metrics),
      supervisor_(supervisor),
      board_(parts.elects, mono_now()),
      loop_(std::move(parts.core), hands()),
      scrape_(post, [this]() { return survey(); }),
      http_(*kube_, *netbird_,
            {[this](io::HttpDone done) { answered(std::move(done)); },
             [this](const telemetry::Exchange& exchange) { finished(exchange); },
             [this](io::Server server) { refused(server); }}),
      watch_(*kube_, {[this](io::Input input) { loop_.put(std::move(input)); },
                      [this](const telemetry::Exchange& exchange) { finished(exchange); },
                      [this](io::Server server) { refused(server); }}) {}

Hands Process::hands() {
  Hands out;
  out.send = [this](io::SendHttp command) { http_.send(std::move(command)); };
  out.open_watch = [this](io::OpenWatch command) { watch_.open(std::move(command)); };
  out.close_watch = [this](io::WatchId id) { watch_.close(id); };
  out.note = [this](const io::Note& note) {
    metrics_.count(note);
    log_.write(note);
  };
  out.turned = [this](const engine::Health& health) { turned(health); };
  out.exit = [this](io::Exit exit) { supervisor_.exit(std::move(exit)); };
  return out;
}

Page Process::page(std::string_view path) {
  const auto verdict = [](const Verdict& v) {
    return Page{v.ok ? 200 : 503, "text/plain; charset=utf-8", v.reason + "\n"};
  };
  if (path == "/healthz") return verdict(board_.live(mono_now()));
  if (path == "/readyz") return verdict(board_.ready());
  if (path == "/metrics") {
    return {200, "text/plain; version=0.0.4; charset=utf-8",
            metrics_.text(scrape_.ask(kScrapePatience))};
  }
  return {404, "text/plain; charset=utf-8", "there are /healthz, /readyz and /metrics\n"};
}

void Process::start() {
  // The first lists are the most that this process ever holds; let them not come on top of what
  // only the start has needed.
  give_back_code();
  loop_.start();
  post([this]() { beat(); });
}

void Process::stop() { loop_.put(io::Stop{}); }

void Process::beat() {
  board_.beat(mono_now());
  kube_->refresh_token();
  if (netbird_->refresh_token()) netbird_token_changed();
  if (++beats_ % kBeatsPerCertificateCheck == 0) {
    refresh_certificates(*kube_);
    refresh_certificates(*netbird_);
  }
  beat_timer_.set(kBeat, [this]() { beat(); });
}

void Process::turned(const engine::Health& health) {
  const engine::Health before = board_.health();
  board_.show(health, mono_now());
  const bool same = health.synced == before.synced && health.leading == before.leading &&
                    health.account_ready == before.account_ready;
  // What led here is code that is not run again before the next such change.
  if (!same) give_back_soon(true);
}

void Process::answered(io::HttpDone done) {
  if (done.outcome && Thrift::leaves_much(done.outcome->body.size())) give_back_soon(false);
  loop_.put(std::move(done));
}

void Process::give_back_soon(bool code_too) {
  code_too_ = code_too_ || code_too;
  thrift_timer_.set(thrift_.wait(mono_now()), [this]() {
    give_back_heap();
    if (!std::exchange(code_too_, false)) return;
    give_back_code();
    thrift_.gave_back(mono_now());
  });
}

void Process::netbird_token_changed() {
  const auto token = netbird_->settings().token.current();
  if (token) {
    log_.write(io::Severity::kInfo, telemetry::kTokenReloaded, "using the new NetBird token");
    const std::string& remark = netbird_->settings().token.remark();
    if (!remark.empty()) log_.write(io::Severity::kWarn, telemetry::kConfiguration, remark);
  } else {
    log_.write(io::Severity::kWarn, telemetry::kTokenUnusable, token.error().message);
  }
  loop_.put(io::TokenChanged{token.ok()});
}

void Process::refused(io::Server server) {
  if (server == io::Server::kKube) {
    kube_->reread_token();
  } else if (netbird_->reread_token()) {
    netbird_token_changed();
  }
}

void Process::refresh_certificates(Upstream& upstream) {
  const auto changed = upstream.refresh_tls();
  if (!changed) {
    log_.write(io::Severity::kWarn, telemetry::kCertificatesUnusable,
               changed.error().message + "; going on with those read before");
  } else if (*changed) {
    log_.write(io::Severity::kInfo, telemetry::kCertificatesReloaded,
               "using the new certificates for " + upstream.settings().name);
    for (const std::string& warning : upstream.warnings()) {
      log_.write(io::Severity::kWarn, telemetry::kConfiguration, warning);
    }
  }
}

std::string Process::survey() const {
  const Core& core = loop_.core();
  return metrics_.survey(core.vitals(mono_now()), core.each_setup_key, wall_now());
}

void Process::finished(const telemetry::Exchange& exchange) {
  metrics_.count(exchange);
  log_.write(exchange);
}

}  // namespace nbkeys::shell
