#pragma once
// One list of a collection, page by page. What somebody else's objects weigh must not stop it: a
// page beyond its bound is asked for again with half as many objects, down to one, which always
// fits, and pages grow again where there is room. Knows neither time nor sockets.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>

#include "base/json.h"
#include "base/result.h"
#include "io/http.h"
#include "kube/requests.h"

namespace nbkeys::kube {

class Pages {
 public:
  // `selector`: of labels, none for "".
  explicit Pages(Collection collection, std::string selector = "");

  // The list from its beginning, with pages of the size that was right last.
  io::HttpRequest begin();

  struct Ended {
    std::string resource_version;
  };
  // What to ask next, or that all has been seen.
  using Next = std::variant<io::HttpRequest, Ended>;
  // Shows the items of the page one by one. They count only when the list has ended: the page may
  // turn out to be broken further on. After an error the list is to be begun anew.
  base::Result<Next> take(io::HttpOutcome outcome, const base::ElementVisitor& visit);

  // After an error: the answer did not come in time or broke off; a smaller page may be quicker.
  bool smaller_may_do() const { return smaller_may_do_; }
  int limit() const { return limit_; }

 private:
  base::Result<Next> failed(const base::Error& error, int status);
  base::Result<Next> next(const nlohmann::json& rest, std::size_t bytes);
  io::HttpRequest ask();

  Collection collection_;
  std::string selector_;
  std::string step_;
  int limit_;
  // What was too much for the server's time, halved; kept until a list has ended, because a list
  // that grew back to it would never end.
  int limit_max_;
  std::string continue_;
  bool smaller_may_do_ = false;
};

}  // namespace nbkeys::kube
