#include "telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

#include "telemetry/names.h"

namespace nbkeys::telemetry {
namespace {

spdlog::level::level_enum level_of(io::Severity severity) {
  switch (severity) {
    case io::Severity::kTrace: return spdlog::level::trace;
    case io::Severity::kDebug: return spdlog::level::debug;
    case io::Severity::kInfo: return spdlog::level::info;
    case io::Severity::kWarn: return spdlog::level::warn;
    case io::Severity::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

struct Log::Sink {
  spdlog::logger logger{"nbkeys", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

Log::Log(io::Severity least, Format format, Clock clock)
    : least_(least), format_(format), clock_(std::move(clock)), sink_(std::make_unique<Sink>()) {
  sink_->logger.set_level(level_of(least));
  sink_->logger.set_pattern("%v");
  sink_->logger.flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::write(const io::Note& note) {
  if (note.severity < least_) return;
  // As an argument, not as the format: the line may hold braces.
  sink_->logger.log(level_of(note.severity), "{}", format_line(note, clock_(), format_));
}

void Log::write(io::Severity severity, std::string_view event, std::string message) {
  write(io::Note{severity, std::string(event), std::move(message)});
}

void Log::write(const Exchange& exchange) {
  if (least_ > io::Severity::kTrace) return;
  write(io::Note{io::Severity::kTrace,
                 std::string(kRequest),
                 "",
                 {{"server", std::string(server_name(exchange.server))},
                  {"method", std::string(io::method_name(exchange.method))},
                  {"path", exchange.path},
                  {"operation", exchange.operation},
                  {"code", exchange.code},
                  {"ms", std::to_string(exchange.took.count())}}});
}

void Log::flush() { sink_->logger.flush(); }

}  // namespace nbkeys::telemetry
