#include "cli/run.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "engine/engine.h"
#include "shell/clock.h"
#include "shell/kubeconfig.h"
#include "shell/pool.h"
#include "shell/process.h"
#include "shell/random.h"
#include "telemetry/names.h"

namespace nbkeys::cli {
namespace {

// Less than the 30 s that Kubernetes gives a pod by default.
constexpr base::Duration kStopGrace{25'000};

int fail(const base::Error& error) {
  std::fprintf(stderr, "nbkeys: %s\n", error.message.c_str());
  return 1;
}

base::Result<shell::UpstreamSettings> netbird_settings(const RunOptions& options) {
  shell::UpstreamSettings out;
  out.name = "NetBird";
  out.url = options.netbird_url;
  out.auth_scheme = "Token";
  out.tls.system_roots = true;
  out.tls.ca.path = options.netbird_ca_file;
  out.trust_help = options.netbird_ca_file.empty()
                       ? "name its CA with --netbird-ca-file"
                       : "check the CA in " + options.netbird_ca_file + " (--netbird-ca-file)";
  out.name_help = "use one of these in --netbird-url";
  out.token = shell::Token::file(options.netbird_token_file, "NetBird token file");
  // One that is still empty is waited for, as one that becomes empty later is.
  if (auto token = out.token.current(); !token && !out.token.awaited()) {
    return base::Error{base::ErrorCode::kInvalidInput, "read token",
                       token.error().message +
                           "; this file must hold the access token of a NetBird service user "
                           "(--netbird-token-file)"};
  }
  auto proxy = shell::proxy_for(out.url, shell::process_environment);
  if (!proxy) return proxy.error();
  out.proxy = std::move(*proxy);
  return out;
}

engine::Options engine_options(const RunOptions& options, const shell::KubeEndpoint& kubernetes) {
  engine::Options out = options.engine;
  if (out.lease.name_space.empty()) out.lease.name_space = kubernetes.name_space;
  if (out.lease.name_space.empty()) out.lease.name_space = "default";
  out.lease.identity = shell::process_identity();
  out.seed = shell::random_seed();
  out.draw_ticket = shell::random_seed;
  return out;
}

void log_start(telemetry::Log& log, const RunOptions& options, const engine::Options& engine,
               const shell::KubeEndpoint& kubernetes, const shell::Process::Parts& parts) {
  std::string namespaces;
  for (const std::string& name : engine.watch_namespaces) {
    namespaces += (namespaces.empty() ? "" : ",") + name;
  }
  log.write(io::Note{io::Severity::kInfo,
                     std::string(telemetry::kStarting),
                     "nbkeys " NBKEYS_VERSION,
                     {{"kubernetes", to_text(parts.kube->settings().url)},
                      {"origin", kubernetes.origin},
                      {"netbird", to_text(options.netbird_url)},
                      {"namespaces", namespaces.empty() ? "all" : namespaces},
                      {"identity", engine.lease.identity}}});
  for (const auto& warnings :
       {kubernetes.warnings, parts.kube->warnings(), parts.netbird->warnings()}) {
    for (const std::string& warning : warnings) {
      log.write(io::Severity::kWarn, telemetry::kConfiguration, warning);
    }
  }
}

[[noreturn]] void leave(telemetry::Log& log, const io::Exit& exit) {
  if (!exit.line.empty() && exit.code == 0) {
    log.write(io::Severity::kWarn, telemetry::kExiting, exit.line);
  }
  log.flush();
  if (exit.code != 0) std::fprintf(stderr, "nbkeys: %s\n", exit.line.c_str());
  std::fflush(nullptr);
  // Not through static destructors: callbacks of the network library may still be running.
  _exit(exit.code);
}

}  // namespace

int run_operator(const RunOptions& options) {
  shell::disable_default_roots();
  auto netbird = netbird_settings(options);
  if (!netbird) return fail(netbird.error());
  auto kubernetes =
      shell::find_kubernetes(options.kubeconfig, options.context, shell::process_environment);
  if (!kubernetes) return fail(kubernetes.error());
  shell::Process::Parts parts;
  auto kube_upstream = shell::Upstream::create(std::move(kubernetes->upstream));
  if (!kube_upstream) return fail(kube_upstream.error());
  auto netbird_upstream = shell::Upstream::create(std::move(*netbird));
  if (!netbird_upstream) {
    base::Error error = netbird_upstream.error();
    if (!options.netbird_ca_file.empty()) error.message += " (--netbird-ca-file)";
    return fail(error);
  }
  parts.kube = std::move(*kube_upstream);
  parts.netbird = std::move(*netbird_upstream);

  const engine::Options settings = engine_options(options, *kubernetes);
  engine::Engine engine(settings);
  parts.elects = settings.lease.enabled;
  parts.core = {
      [&engine](base::Now now) { return engine.start(now); },
      [&engine](io::Input input, base::Now now) { return engine.handle(std::move(input), now); },
      [&engine]() { return engine.health(); },
      [&engine](base::Instant now) { return engine.vitals(now); },
      [&engine](const io::SetupKeyVisitor& visit) { engine.each_setup_key(visit); }};

  shell::Supervisor supervisor;
  telemetry::Log log(options.log_level, options.log_format, shell::wall_now);
  telemetry::Metrics metrics({NBKEYS_VERSION, settings.lease.name,
                              shell::host_and_port(parts.kube->settings().url),
                              options.metrics_per_object});
  log_start(log, options, settings, *kubernetes, parts);
  shell::start_pool();
  shell::Process process(std::move(parts), log, metrics, supervisor);
  auto server = shell::Server::listen(
      options.metrics_address, [&process](std::string_view path) { return process.page(path); });
  if (!server) leave(log, {1, server.error().message + " (--metrics-address)"});
  process.start();
  leave(log, supervisor.wait(kStopGrace, [&process]() { process.stop(); }));
}

}  // namespace nbkeys::cli
