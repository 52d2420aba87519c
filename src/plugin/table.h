#pragma once
// A table as kubectl prints it: columns as wide as their widest cell, three spaces between.

#include <string>
#include <vector>

#include "plugin/style.h"

namespace nbkeys::plugin {

struct Cell {
  Cell(std::string text_in, Paint paint_in = Paint::kPlain)  // NOLINT: implicit by design
      : text(std::move(text_in)), paint(paint_in) {}
  Cell(const char* text_in) : text(text_in) {}  // NOLINT: implicit by design
  std::string text;
  Paint paint = Paint::kPlain;
};

class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}
  // REQUIRES: as many cells as heads
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  std::string text(const Style& style) const;
  std::string markdown() const;

 private:
  std::vector<std::string> heads_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace nbkeys::plugin
