#pragma once
// Writes the text exposition format of Prometheus for what is computed at the scrape. Series that
// are known beforehand are held by prometheus-cpp; ten thousand SetupKeys would be held there for
// nothing between two scrapes.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "io/facts.h"

namespace nbkeys::telemetry {

enum class Kind { kGauge, kCounter, kHistogram };

class Page {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  explicit Page(std::string begun = {}) : text_(std::move(begun)) {}

  // All samples of a family follow its head.
  void family(std::string_view name, Kind kind, std::string_view help);
  void sample(Labels labels, double value);
  void sample(double value) { sample({}, value); }
  void histogram(Labels labels, const io::Durations& durations);

  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view bound, double value);

  std::string text_;
  std::string name_;
};

}  // namespace nbkeys::telemetry
