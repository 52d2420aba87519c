#include "sim/shrink.h"

#include <algorithm>

namespace nbkeys::sim {
namespace {

class Shrinking {
 public:
  Shrinking(const Plan& plan, RunOptions options, Finding finding, int runs_max,
            const Rerun& rerun)
      : plan_(plan), options_(std::move(options)), runs_max_(runs_max), rerun_(rerun) {
    options_.keeps_trace = false;
    out_.finding = std::move(finding);
  }

  Shrunk run() {
    for (const Happening& happening : plan_.happenings) {
      if (!options_.suppressed.contains(happening.id)) kept_.push_back(happening.id);
    }
    std::size_t parts = 2;
    while (kept_.size() > 1 && out_.runs < runs_max_) {
      if (drop_one_part(parts)) {
        parts = std::max<std::size_t>(parts - 1, 2);
      } else if (parts >= kept_.size()) {
        break;
      } else {
        parts = std::min(parts * 2, kept_.size());
      }
    }
    if (fails_with({})) kept_.clear();
    for (const Happening& happening : plan_.happenings) {
      const bool needed = std::find(kept_.begin(), kept_.end(), happening.id) != kept_.end();
      if (needed) out_.needed.push_back(happening);
      if (!needed) out_.suppressed.insert(happening.id);
    }
    return std::move(out_);
  }

 private:
  bool drop_one_part(std::size_t parts) {
    const std::size_t size = (kept_.size() + parts - 1) / parts;
    for (std::size_t begin = 0; begin < kept_.size() && out_.runs < runs_max_; begin += size) {
      std::vector<int> rest;
      for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (i < begin || i >= begin + size) rest.push_back(kept_[i]);
      }
      if (!fails_with(rest)) continue;
      kept_ = std::move(rest);
      return true;
    }
    return false;
  }

  // Another breach of the same promise counts: shorter traces often break it a little differently.
  bool fails_with(const std::vector<int>& kept) {
    ++out_.runs;
    RunOptions options = options_;
    for (const Happening& happening : plan_.happenings) {
      if (std::find(kept.begin(), kept.end(), happening.id) == kept.end()) {
        options.suppressed.insert(happening.id);
      }
    }
    for (const Finding& found : rerun_(options)) {
      if (found.checker != out_.finding.checker) continue;
      out_.finding = found;
      return true;
    }
    return false;
  }

  const Plan& plan_;
  RunOptions options_;
  const int runs_max_;
  const Rerun& rerun_;
  std::vector<int> kept_;
  Shrunk out_;
};

}  // namespace

Shrunk shrink(const Plan& plan, const RunOptions& options, const Finding& finding, int runs_max) {
  return shrink(plan, options, finding, runs_max,
                [&plan](const RunOptions& fewer) { return sim::run(plan, fewer).findings; });
}

Shrunk shrink(const Plan& plan, const RunOptions& options, const Finding& finding, int runs_max,
              const Rerun& rerun) {
  return Shrinking(plan, options, finding, runs_max, rerun).run();
}

}  // namespace nbkeys::sim
