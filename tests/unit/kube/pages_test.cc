#include "kube/pages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "answers.h"

namespace nbkeys::kube {
namespace {

using testing::answer;
using testing::no_answer;

// A server with objects of these sizes; asked for some, it answers like the real one.
class Shelf {
 public:
  explicit Shelf(std::vector<std::size_t> sizes) : sizes_(std::move(sizes)) {}

  io::HttpOutcome answer_to(const io::HttpRequest& request) {
    ++requests;
    const std::size_t from = number_after(request.path, "continue=", 0);
    const std::size_t limit = number_after(request.path, "limit=", sizes_.size());
    limits.push_back(limit);
    if (limit > limit_in_time) return no_answer();
    std::string text = R"({"items":[)";
    std::size_t at = from;
    for (; at < sizes_.size() && at < from + limit; ++at) {
      if (at > from) text += ',';
      text += R"({"name":)" + std::to_string(at) + R"(,"filler":")";
      text.append(sizes_[at], 'x').append("\"}");
      if (text.size() > request.response_bytes_max) {
        return base::Error{base::ErrorCode::kTooLarge, "", "too long"};
      }
    }
    text += R"(],"metadata":{"resourceVersion":"7")";
    if (at < sizes_.size()) text += R"(,"continue":")" + std::to_string(at) + '"';
    text += "}}";
    return answer(200, std::move(text));
  }

  int requests = 0;
  std::vector<std::size_t> limits;
  std::size_t limit_in_time = 1000;  // more than that take too long

 private:
  static std::size_t number_after(const std::string& path, const std::string& word,
                                  std::size_t none) {
    const auto at = path.find(word);
    return at == std::string::npos ? none : std::stoul(path.substr(at + word.size()));
  }
  std::vector<std::size_t> sizes_;
};

struct Seen {
  std::vector<int> names;
  std::string version;
  std::optional<base::ErrorCode> problem;
};

Seen read(Pages& pages, Shelf& shelf) {
  Seen out;
  const auto visit = [&out](const base::Json& item) {
    out.names.push_back(item["name"].get<int>());
    return base::Status(base::Done{});
  };
  auto next = base::Result<Pages::Next>(pages.begin());
  while (next) {
    const auto* request = std::get_if<io::HttpRequest>(&*next);
    if (request == nullptr) {
      out.version = std::get<Pages::Ended>(*next).resource_version;
      return out;
    }
    next = pages.take(shelf.answer_to(*request), visit);
  }
  out.problem = next.error().code;
  return out;
}

const Collection kKeys{Collection::Resource::kSetupKeys, ""};

std::vector<int> first(int count) {
  std::vector<int> out;
  for (int i = 0; i < count; ++i) out.push_back(i);
  return out;
}

TEST(Pages, SmallObjectsComeInFullPages) {
  Shelf shelf(std::vector<std::size_t>(1'200, 100));
  Pages pages(kKeys);
  const Seen seen = read(pages, shelf);
  EXPECT_EQ(seen.names, first(1'200));
  EXPECT_EQ(seen.version, "7");
  EXPECT_EQ(shelf.limits, (std::vector<std::size_t>{500, 500, 500}));
}

TEST(Pages, ABigTenantMakesPagesSmallerAndTheOthersMakeThemGrowAgain) {
  std::vector<std::size_t> sizes(100, 450u << 10);
  sizes.insert(sizes.end(), 3'000, 1'000);
  Shelf shelf(sizes);
  Pages pages(kKeys);
  const Seen seen = read(pages, shelf);
  EXPECT_EQ(seen.names, first(3'100)) << "each once, in order";
  EXPECT_EQ(shelf.limits.back(), 500u);
  EXPECT_LE(shelf.requests, 45);
}

TEST(Pages, OneObjectOfFourMebibytesAndMoreAlwaysFits) {
  Shelf shelf(std::vector<std::size_t>(9, 5u << 20));
  Pages pages(kKeys);
  EXPECT_EQ(read(pages, shelf).names, first(9));
  EXPECT_EQ(pages.limit(), 1);
}

TEST(Pages, AnObjectBeyondTheBoundIsAnErrorAndNoEndlessList) {
  Shelf shelf({kObjectBytesMax + 1});
  Pages pages(kKeys);
  EXPECT_EQ(read(pages, shelf).problem, base::ErrorCode::kTooLarge);
  EXPECT_EQ(shelf.requests, 9) << "500, 250, 125, 62, 31, 15, 7, 3, 1";
  EXPECT_FALSE(pages.smaller_may_do());
}

TEST(Pages, APageThatTakesTooLongIsHalvedAndDoesNotGrowBackWithinTheList) {
  Shelf shelf(std::vector<std::size_t>(600, 100));
  shelf.limit_in_time = 130;
  Pages pages(kKeys);
  EXPECT_EQ(read(pages, shelf).problem, base::ErrorCode::kUnknown);
  EXPECT_TRUE(pages.smaller_may_do());
  EXPECT_EQ(read(pages, shelf).problem, base::ErrorCode::kUnknown);
  EXPECT_EQ(read(pages, shelf).names, first(600));
  EXPECT_EQ(pages.limit(), 125);
  shelf.limit_in_time = 1'000;
  read(pages, shelf);
  shelf.limits.clear();
  read(pages, shelf);
  EXPECT_EQ(shelf.limits.front(), 250u) << "a list that has ended allows for larger pages";
}

TEST(Pages, OtherTroubleDoesNotShrinkThem) {
  Pages pages(kKeys);
  const auto none = [](const base::Json&) { return base::Status(base::Done{}); };
  for (const int status : {403, 410, 429, 500}) {
    pages.begin();
    EXPECT_FALSE(pages.take(answer(status), none).ok());
    EXPECT_EQ(pages.limit(), 500) << status;
  }
  pages.begin();
  EXPECT_FALSE(pages.take(answer(504), none).ok());
  EXPECT_EQ(pages.limit(), 250) << "the server ran out of time";
}

TEST(Pages, TheSelectorGoesWithEachPage) {
  Pages pages(kKeys, "team=a");
  EXPECT_NE(pages.begin().path.find("&labelSelector=team%3Da"), std::string::npos);
}

}  // namespace
}  // namespace nbkeys::kube
