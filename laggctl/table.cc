// Width is counted in code points: descriptions may hold UTF-8.
#include "laggctl/table.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lagg::ctl {
namespace {

size_t width(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

} // namespace

std::string printable(std::string_view text) {
    return replace_hidden(text, [](char32_t) { return std::string("?"); });
}

std::string printable_lines(std::string_view text) {
    std::string out;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        out += printable(text.substr(begin, end - begin)) + "\n";
        begin = end + 1;
    }
    out.erase(out.find_last_not_of('\n') + 1);
    return out;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
    std::vector<std::string> titles;
    for (const Column &column : columns_)
        titles.push_back(column.title);
    row(std::move(titles));
}

void Table::row(std::vector<std::string> cells) {
    assert(cells.size() == columns_.size());
    for (std::string &cell : cells)
        cell = cell.empty() ? "-" : printable(cell);
    lines_.push_back({std::move(cells), {}});
}

void Table::note(std::string text) {
    lines_.push_back({{}, printable(text)});
}

std::string Table::text(size_t indent) const {
    std::vector<size_t> widths(columns_.size(), 0);
    for (const Line &line : lines_)
        for (size_t i = 0; i < line.cells.size(); ++i)
            widths[i] = std::max(widths[i], width(line.cells[i]));

    std::string out;
    for (const Line &line : lines_) {
        std::string written = std::string(indent, ' ') + line.note;
        for (size_t i = 0; i < line.cells.size(); ++i) {
            const std::string gap(widths[i] - width(line.cells[i]), ' ');
            const bool right = columns_[i].align == Align::RIGHT;
            written += (i ? "  " : "") + (right ? gap + line.cells[i] : line.cells[i] + gap);
        }
        written.erase(written.find_last_not_of(' ') + 1);
        out += written + "\n";
    }
    return out;
}

} // namespace lagg::ctl
