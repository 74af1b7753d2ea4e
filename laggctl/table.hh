// Columns as wide as what stands in them, and lines between rows that belong to no column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lagg::ctl {

/// Spaces before the lines of a table that has a heading.
inline constexpr size_t kIndent = 2;

enum class Align { LEFT, RIGHT };

struct Column {
    std::string title;
    Align align = Align::LEFT;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns);

    /// One cell a column; an empty cell shows as "-".
    void row(std::vector<std::string> cells);
    /// A line of its own under the last row.
    void note(std::string text);
    /// Every line is indented by `indent` and ends in a newline, without trailing blanks.
    std::string text(size_t indent = 0) const;

  private:
    struct Line {
        std::vector<std::string> cells; ///< empty for a note
        std::string note;
    };
    std::vector<Column> columns_;
    std::vector<Line> lines_;
};

/// The text with what is hidden (base/wording.hh) replaced by '?': descriptions and driver messages
/// come from elsewhere and must not steer a terminal or break a line.
std::string printable(std::string_view text);
/// The same for a text of several lines, which it keeps; trailing line ends are dropped.
std::string printable_lines(std::string_view text);

} // namespace lagg::ctl
