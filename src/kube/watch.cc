#include "kube/watch.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/backoff.h"
#include "base/json.h"
#include "kube/responses.h"

namespace nbkeys::kube {
namespace {

// The server ends the watch after this; bookmarks come about once a minute, so silence of the
// inactivity limit means a dead connection.
constexpr int kWatchSecondsMin = 240, kWatchSecondsSpan = 60;
constexpr base::Duration kInactivityMax{150'000};
constexpr base::BackoffBounds kBackoff{base::Duration{500}, base::Duration{32'000}};
// A watch that ends sooner than this is taken for a failure, so that a broken server is not
// hammered.
constexpr base::Duration kHealthyWatch{5'000};
// A watch that ends so much earlier than was asked for did not end by itself.
constexpr base::Duration kEarly{5'000};
// A server that gives reason for doubt again and again is not listed without pause.
constexpr base::Duration kListsApart{30'000};
// So is one whose watches break again and again. With the time that a server may lag it makes the
// minute within which a history that went back is noticed.
constexpr base::Duration kListsApartAfterBreaks{50'000};

}  // namespace

Watch::Watch(Collection collection, WatchSink& sink, std::uint64_t seed)
    : collection_(std::move(collection)), pages_(collection_), sink_(sink), random_(seed) {}

void Watch::start(io::Outbox& out) { list(out); }

void Watch::list(io::Outbox& out) {
  state_ = State::kListing;
  retry_at_.reset();
  list_due_.reset();
  history_.list_begun(sink_.newest());
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
    list_ended(now, out);
    open(out);
  }
  return true;
}

void Watch::list_ended(base::Instant now, io::Outbox& out) {
  const History::Verdict verdict = history_.list_ended(resource_version_, now);
  if (verdict == History::Verdict::kWentBack) sink_.history_went_back();
  const bool shown = sink_.list_ended(resource_version_) == WatchSink::Ended::kWentBack;
  // Some objects have shown it, and others, known at versions beyond this list's, were kept.
  awaits_list_ = shown && verdict == History::Verdict::kBehind;
  if (shown || verdict == History::Verdict::kWentBack) {
    out.note(io::Severity::kWarn, "history_went_back",
             "the API server's state is older than what it has shown before, as after etcd was "
             "restored from a backup; what it shows now is believed",
             {{"resource", resource_name()}});
    went_back_ = true;
    went_back_at_ = now;
  }
  synced_ = true;
  relist_ = false;
  listed_at_ = now;
  if (list_due_) list_due_ = now + kListsApart;
  const auto decided = history_.decided_at();
  if (decided && (!list_due_ || *decided < *list_due_)) list_due_ = decided;
  if (awaits_list_) believe_next_list(now);
}

void Watch::doubt(base::Instant now) {
  // What the others find at the same time is the same.
  if (went_back_at_ && now - *went_back_at_ < History::kLag) return;
  list_soon(kListsApart, now);
}

void Watch::put_back(base::Instant now) {
  if (went_back_at_ && now - *went_back_at_ < History::kLag) return;
  believe_next_list(now);
}

void Watch::believe_next_list(base::Instant now) {
  awaits_list_ = true;
  history_.believe_older();
  list_due_ = now;
}

void Watch::list_soon(base::Duration apart, base::Instant now) {
  const base::Instant due = listed_at_ ? std::max(now, *listed_at_ + apart) : now;
  if (!list_due_ || due < *list_due_) list_due_ = due;
}

void Watch::open(io::Outbox& out) {
  state_ = State::kWatching;
  retry_at_.reset();
  opened_at_.reset();
  lines_ = WatchLines{};
  const int seconds = kWatchSecondsMin + static_cast<int>(random_.next() % kWatchSecondsSpan);
  asked_for_ = base::Duration{1000 * seconds};
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
    line(*next, now, out);
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
    retry_at_ = now + next_wait(problem_ ? kBackoff.min : base::Duration{0});
  }
  return true;
}

void Watch::line(std::string_view text, base::Instant now, io::Outbox& out) {
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
  if (version.empty()) return;
  // Events may come again; a bookmark tells where the server is.
  if (type == "BOOKMARK" && version_number(version) < version_number(resource_version_)) doubt(now);
  history_.seen(version);
  resource_version_ = version;
}

bool Watch::handle(const io::WatchClosed& closed, base::Instant now, io::Outbox& out) {
  if (state_ != State::kWatching || closed.id != watch_id_) return false;
  const bool healthy = lasted(now);
  if (healthy) works_again();
  const bool by_itself =
      closed.status == 200 && opened_at_ && now - *opened_at_ + kEarly >= asked_for_;
  // A server that was started on an older state may have written its way past all that was seen, so
  // that only a whole list tells. An answer that refuses the watch is no break.
  if (!by_itself && (closed.status == 0 || closed.status == 200)) {
    list_soon(kListsApartAfterBreaks, now);
  }
  if (closed.status == 200) {
    state_ = State::kIdle;
    retry_at_ = healthy ? now : now + random_.jitter(kBackoff.min, 50);
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
      next_wait(error.code == base::ErrorCode::kGone ? base::Duration{0} : kBackoff.min);
  if (error.retry_after) wait = std::max(wait, *error.retry_after);
  retry_at_ = now + wait;
  tell(std::move(error), out);
}

// Once for each problem, however often it is met; lost history is none that a person can mend.
void Watch::tell(base::Error problem, io::Outbox& out) {
  std::string text = base::to_text(problem);
  if (problem.code != base::ErrorCode::kGone && text != told_) {
    out.note(io::Severity::kWarn, "watch_failed", text, {{"resource", resource_name()}});
    told_ = std::move(text);
  }
  problem_ = std::move(problem);
}

std::string Watch::resource_name() const {
  return collection_.resource == Collection::Resource::kSecrets ? "secrets" : "setupkeys";
}

void Watch::works_again() {
  failures_ = 0;
  told_.clear();
}

bool Watch::lasted(base::Instant now) const {
  return opened_at_ && now - *opened_at_ >= kHealthyWatch;
}

base::Duration Watch::next_wait(base::Duration first) {
  ++failures_;
  const base::Duration wait = failures_ == 1 ? first : base::backoff_wait(failures_, kBackoff);
  return random_.jitter(wait, 25);
}

std::optional<base::Instant> Watch::wake_at() const {
  switch (state_) {
    case State::kListing: return std::nullopt;
    case State::kIdle: return retry_at_;
    case State::kWatching: break;
  }
  return list_due_;
}

void Watch::tick(base::Instant now, io::Outbox& out) {
  const bool list_is_due = list_due_ && *list_due_ <= now;
  if (state_ == State::kWatching && list_is_due) {
    out.close_watch(watch_id_);
    list(out);
  }
  if (state_ != State::kIdle || !retry_at_ || *retry_at_ > now) return;
  if (relist_ || list_is_due) {
    list(out);
  } else {
    open(out);
  }
}

}  // namespace nbkeys::kube
