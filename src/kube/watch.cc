#include "kube/watch.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "kube/responses.h"

namespace nbkeys::kube {
namespace {

// The server ends the watch after this; bookmarks come about once a minute, so silence of the
// inactivity limit means a dead connection.
constexpr int kWatchSecondsMin = 240, kWatchSecondsSpan = 60;
constexpr base::Duration kInactivityMax{150'000};
constexpr base::Duration kBackoffMin{500}, kBackoffMax{60'000};
// A watch that ends sooner than this is taken for a failure, so that a broken server is not
// hammered.
constexpr base::Duration kHealthyWatch{5'000};

}  // namespace

Watch::Watch(Collection collection, WatchSink& sink, std::uint64_t seed)
    : collection_(std::move(collection)), pages_(collection_), sink_(sink), random_(seed) {}

void Watch::start(io::Outbox& out) { list(out); }

void Watch::list(io::Outbox& out) {
  state_ = State::kListing;
  retry_at_.reset();
  sink_.list_begun();
  list_id_ = out.send(pages_.begin());
}

bool Watch::handle(io::HttpDone& done, base::Instant now, io::Outbox& out) {
  if (state_ != State::kListing || done.id != list_id_) return false;
  // The sink sees items of a page that may yet turn out to be broken or no list. Every such page
  // ends in fail() with relist, after which the only way on is list(), which begins with
  // list_begun(); and list_ended() is reached only by whole pages since then.
  auto next = pages_.take(std::move(done.outcome), [this](const base::Json& item) {
    sink_.listed(item);
    return base::Status(base::Done{});
  });
  if (!next) {
    fail(next.error(), true, now, out);
  } else if (auto* more = std::get_if<io::HttpRequest>(&*next)) {
    list_id_ = out.send(std::move(*more));
  } else {
    resource_version_ = std::get_if<Pages::Ended>(&*next)->resource_version;
    sink_.list_ended(resource_version_);
    synced_ = true;
    relist_ = false;
    open(out);
  }
  return true;
}

void Watch::open(io::Outbox& out) {
  state_ = State::kWatching;
  retry_at_.reset();
  opened_at_.reset();
  lines_ = WatchLines{};
  const int seconds = kWatchSecondsMin + static_cast<int>(random_.next() % kWatchSecondsSpan);
  watch_id_ = out.open_watch(watch_path(collection_, resource_version_, seconds),
                             std::string(collection_accept(collection_)), kInactivityMax);
}

bool Watch::handle(const io::WatchOpened& opened, base::Instant now) {
  if (state_ != State::kWatching || opened.id != watch_id_) return false;
  opened_at_ = now;
  if (opened.status == 200) problem_.reset();
  return true;
}

bool Watch::handle(const io::WatchBytes& bytes, base::Instant now, io::Outbox& out) {
  if (state_ != State::kWatching || bytes.id != watch_id_) return false;
  lines_.append(bytes.bytes.reveal());
  while (state_ == State::kWatching && !relist_) {
    const auto next = lines_.next();
    if (!next) break;
    line(*next, out);
  }
  if (lines_.take_skipped()) {
    tell({base::ErrorCode::kTooLarge, "watch",
          "the event of one object is longer than " + std::to_string(WatchLines::kLineMax) +
              " bytes and is left out; the object is worked on as it was before"},
         out);
    problem_.reset();
  }
  if (lines_.overflow() && !relist_) {
    relist_ = true;
    tell({base::ErrorCode::kTooLarge, "watch", "a line of the watch has no end"}, out);
  }
  if (relist_) {
    out.close_watch(watch_id_);
    state_ = State::kIdle;
    if (lasted(now)) works_again();
    retry_at_ = now + next_wait(problem_ ? kBackoffMin : base::Duration{0});
  }
  return true;
}

void Watch::line(std::string_view text, io::Outbox& out) {
  if (text.empty()) return;
  const auto event = parse_object(text, "read watch event");
  const auto* object = event ? base::find(*event, {"object"}) : nullptr;
  const std::string type = event ? base::string_or(*event, {"type"}) : "";
  if (object == nullptr || type == "ERROR") {
    // Expired history arrives as an ERROR event too; after any other one a fresh list is right as
    // well.
    relist_ = true;
    const auto code = object != nullptr ? base::int_at(*object, {"code"}).value_or(0) : 0;
    if (code != 410) {
      tell({base::ErrorCode::kMalformed, "watch", "the server sent an error event"}, out);
    }
    out.note(io::Severity::kDebug, "watch_relist", "the watch cannot go on; listing anew");
    return;
  }
  if (type == "ADDED" || type == "MODIFIED") sink_.changed(*object);
  if (type == "DELETED") sink_.removed(*object);
  const std::string version = base::string_or(*object, {"metadata", "resourceVersion"});
  if (!version.empty()) resource_version_ = version;
}

bool Watch::handle(const io::WatchClosed& closed, base::Instant now, io::Outbox& out) {
  if (state_ != State::kWatching || closed.id != watch_id_) return false;
  const bool healthy = lasted(now);
  if (healthy) works_again();
  if (closed.status == 200) {
    state_ = State::kIdle;
    retry_at_ = healthy ? now : now + random_.jitter(kBackoffMin, 50);
    return true;
  }
  base::Error error = closed.status == 0
                          ? base::Error{base::ErrorCode::kUnreachable, "watch", closed.cause}
                          : status_error(closed.status, closed.cause, "watch");
  error.retry_after = closed.retry_after;
  const bool relist =
      error.code == base::ErrorCode::kGone || error.code == base::ErrorCode::kUnprocessable;
  fail(std::move(error), relist, now, out);
  return true;
}

void Watch::fail(base::Error error, bool relist, base::Instant now, io::Outbox& out) {
  state_ = State::kIdle;
  relist_ = relist_ || relist;
  // A new list mends lost history at once, but not a server that keeps on losing it.
  base::Duration wait =
      next_wait(error.code == base::ErrorCode::kGone ? base::Duration{0} : kBackoffMin);
  if (error.retry_after) wait = std::max(wait, *error.retry_after);
  retry_at_ = now + wait;
  tell(std::move(error), out);
}

// Once for each problem, however often it is met; lost history is none that a person can mend.
void Watch::tell(base::Error problem, io::Outbox& out) {
  std::string text = base::to_text(problem);
  const bool secrets = collection_.resource == Collection::Resource::kSecrets;
  if (problem.code != base::ErrorCode::kGone && text != told_) {
    out.note(io::Severity::kWarn, "watch_failed", text,
             {{"resource", secrets ? "secrets" : "setupkeys"}});
    told_ = std::move(text);
  }
  problem_ = std::move(problem);
}

void Watch::works_again() {
  failures_ = 0;
  told_.clear();
}

bool Watch::lasted(base::Instant now) const {
  return opened_at_ && now - *opened_at_ >= kHealthyWatch;
}

base::Duration Watch::next_wait(base::Duration first) {
  const int shift = std::min(failures_++, 6);
  const base::Duration wait = std::min(kBackoffMax, kBackoffMin * (1 << shift));
  return random_.jitter(shift == 0 ? first : wait, 25);
}

void Watch::tick(base::Instant now, io::Outbox& out) {
  if (state_ != State::kIdle || !retry_at_ || *retry_at_ > now) return;
  if (relist_) {
    list(out);
  } else {
    open(out);
  }
}

}  // namespace nbkeys::kube
