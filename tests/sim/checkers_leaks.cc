// Every byte that leaves the operator is searched for every key and token that was ever issued: log
// lines, events, status, every path and body but the one that carries a key into its Secret.

#include "base/hash.h"
#include "sim/checker.h"

namespace nbkeys::sim {
namespace {

// A key's first nine characters are secret enough to count as the key: what a status may show of it
// are five.
constexpr std::size_t kTell = 9;

class LeakChecker : public Checker {
 public:
  LeakChecker(const Ledger& ledger, Findings& findings) : Checker("leaks", ledger, findings) {}

  void sent(const Act& act) override {
    search(act.request.path, "the path of a request");
    search(act.request.content_type, "a content type");
    if (!carries_the_key(act.request)) {
      search(act.request.body.reveal(), "the body of " + act.request.operation);
    }
  }
  void noted(const std::string& line) override { search(line, "a log line"); }

 private:
  static bool carries_the_key(const io::HttpRequest& request) {
    return request.server == io::Server::kKube &&
           request.path.find("/secrets") != std::string::npos && request.method != io::Method::kGet;
  }

  void learn() {
    for (; known_ < ledger_.secrets_ever().size(); ++known_) {
      const std::string& plain = ledger_.secrets_ever()[known_];
      const std::string coded(base::base64_encode(plain).reveal());
      for (const std::string& form : {plain, coded}) tells_.insert(tell(form));
    }
  }

  static std::uint64_t tell(std::string_view text) {
    std::uint64_t out = 0;
    for (const char c : text.substr(0, kTell)) {
      out = out * 0x100000001b3ULL + static_cast<unsigned char>(c);
    }
    return out;
  }

  void search(std::string_view text, const std::string& where) {
    learn();
    if (tells_.empty() || text.size() < kTell) return;
    for (std::size_t i = 0; i + kTell <= text.size(); ++i) {
      // Keys and their base64 begin with an upper-case letter or a digit, and tokens with n or b.
      const char c = text[i];
      const bool may_begin =
          (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == 'n' || c == 'b';
      if (!may_begin || !tells_.contains(tell(text.substr(i)))) continue;
      fail(where + " shows a key or token");
      return;
    }
  }

  std::size_t known_ = 0;
  std::set<std::uint64_t> tells_;
};

}  // namespace

std::unique_ptr<Checker> make_leak_checker(const Ledger& ledger, Findings& findings) {
  return std::make_unique<LeakChecker>(ledger, findings);
}

}  // namespace nbkeys::sim
