// What the log says where a watch or its list does not work.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "answers.h"
#include "kube/watch.h"

namespace nbkeys::kube {
namespace {

using testing::answer;
using testing::ms;
using testing::only;

class Nowhere : public WatchSink {
 public:
  void list_begun() override {}
  void listed(const nlohmann::json&) override {}
  Ended list_ended(const std::string&) override { return Ended::kGoesOn; }
  void changed(const nlohmann::json&) override {}
  void removed(const nlohmann::json&) override {}
  std::uint64_t newest() const override { return 0; }
  void history_went_back() override {}
};

class WatchProblem : public ::testing::Test {
 protected:
  void SetUp() override {
    watch_.start(out_);
    collect();
  }
  void collect() {
    for (io::Command& command : out_.take()) {
      if (auto* note = std::get_if<io::Note>(&command)) {
        if (note->event == "watch_failed") told_.push_back(note->message);
      } else if (auto* send = std::get_if<io::SendHttp>(&command)) {
        list_ = send->id;
      } else if (auto* open = std::get_if<io::OpenWatch>(&command)) {
        open_ = open->id;
      }
    }
  }
  void list_answers(io::HttpOutcome outcome, base::Instant at) {
    io::HttpDone done{list_, std::move(outcome)};
    watch_.handle(done, at, out_);
    watch_.tick(at + base::Duration{60'000}, out_);
    collect();
  }
  void bytes(std::string text, base::Instant at) {
    watch_.handle(io::WatchBytes{open_, base::SecretText(std::move(text))}, at, out_);
    collect();
  }

  Nowhere sink_;
  Watch watch_{{Collection::Resource::kSetupKeys, ""}, sink_, 1};
  io::Outbox out_;
  io::RequestId list_ = 0;
  io::WatchId open_ = 0;
  std::vector<std::string> told_;
};

constexpr const char* kEmptyList = R"({"metadata": {"resourceVersion": "5"}, "items": []})";

TEST_F(WatchProblem, AnObjectBeyondItsBoundIsToldOnce) {
  const base::Error too_large{base::ErrorCode::kTooLarge, "", "the answer is longer than 9 bytes"};
  // Until pages of one object are too large as well, and then once more.
  for (int i = 0; i < 12; ++i) list_answers(too_large, ms(1'000 + 90'000 * i));
  EXPECT_EQ(told_, (std::vector<std::string>{"list SetupKeys: the answer is longer than 9 bytes"}));
  EXPECT_FALSE(watch_.synced());
}

TEST_F(WatchProblem, AnotherProblemIsToldAgain) {
  list_answers(answer(500, R"({"message": "etcd is away"})"), ms(1'000));
  list_answers(answer(200, "<html>"), ms(90'000));
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_[0], "list SetupKeys: etcd is away");
  EXPECT_EQ(told_[1], "list SetupKeys: the answer is not JSON");
}

TEST_F(WatchProblem, ALineWithoutEndIsCutOffAndTold) {
  list_answers(answer(200, kEmptyList), ms(1'000));
  watch_.handle(io::WatchOpened{open_, 200}, ms(1'000));
  const io::WatchId first = open_;
  for (int i = 0; i < 65; ++i) bytes(std::string(1u << 20, 'x'), ms(1'100));
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_[0],
            "watch: the event of one object is longer than 8388608 bytes and is left out; the "
            "object is worked on as it was before");
  EXPECT_EQ(told_[1], "watch: a line of the watch has no end");
  // It goes on with a list, and with another watch.
  watch_.tick(ms(60'000), out_);
  collect();
  list_answers(answer(200, kEmptyList), ms(60'000));
  EXPECT_NE(open_, first);
}

TEST_F(WatchProblem, LostHistoryIsNothingToTell) {
  list_answers(answer(200, kEmptyList), ms(1'000));
  watch_.handle(io::WatchClosed{open_, 410, "", std::nullopt}, ms(2'000), out_);
  collect();
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace nbkeys::kube
