#include "plugin/table.h"

#include <algorithm>

namespace nbkeys::plugin {
namespace {

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    // What could end the cell or start markup of its own.
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

}  // namespace

std::string Table::text(const Style& style) const {
  std::vector<std::size_t> widths;
  for (const std::string& head : heads_) widths.push_back(width_of(head));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(printable(row[i].text)));
    }
  }
  const auto line = [&](const auto& cells, const auto& text_of, const auto& paint_of) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string text = printable(text_of(cells[i]));
      out += style.paint(paint_of(cells[i]), text);
      if (i + 1 < cells.size()) out.append(widths[i] - width_of(text) + 3, ' ');
    }
    while (out.ends_with(' ')) out.pop_back();
    return out + "\n";
  };
  std::string out = line(
      heads_, [](const std::string& head) { return head; },
      [](const std::string&) { return Paint::kPlain; });
  for (const auto& row : rows_) {
    out += line(
        row, [](const Cell& cell) { return cell.text; },
        [](const Cell& cell) { return cell.paint; });
  }
  return out;
}

std::string Table::markdown() const {
  std::string out = "|";
  for (const std::string& head : heads_) out += " " + markdown_cell(head) + " |";
  out += "\n|";
  for (std::size_t i = 0; i < heads_.size(); ++i) out += "---|";
  out += "\n";
  for (const auto& row : rows_) {
    out += "|";
    for (const Cell& cell : row) out += " " + markdown_cell(cell.text) + " |";
    out += "\n";
  }
  return out;
}

}  // namespace nbkeys::plugin
