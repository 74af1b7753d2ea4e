// The text side of good error messages.
#include "dataplane/base/wording.hh"

#include <algorithm>
#include <numeric>

namespace lagg {

namespace {

constexpr size_t kMaxShown = 60;
constexpr size_t kMaxListed = 16;

/// Cuts at `size` octets or before, never within a UTF-8 sequence.
std::string_view cut(std::string_view text, size_t size) {
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    return text.substr(0, size);
}

bool is_hidden(char32_t code) {
    const auto within = [code](char32_t first, char32_t last) {
        return code >= first && code <= last;
    };
    return within(0, 0x1f) || within(0x7f, 0x9f) || code == 0x61c || within(0x200e, 0x200f) ||
           within(0x2028, 0x202e) || within(0x2066, 0x2069);
}

struct Character {
    char32_t code = 0;
    size_t size = 1; ///< in octets
    bool is_utf8 = true;
};

Character first_of(std::string_view text) {
    const auto octet = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = octet(0);
    if (lead < 0x80) return {lead};
    const Character wrong{lead, 1, false};
    const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return wrong;
    char32_t code = lead & (0x7f >> size);
    for (size_t i = 1; i < size; ++i) {
        if ((octet(i) & 0xc0) != 0x80) return wrong;
        code = code << 6 | (octet(i) & 0x3f);
    }
    return {code, size};
}

std::string escape(char32_t code) {
    constexpr char kHex[] = "0123456789abcdef";
    if (code == '\n') return "\\n";
    if (code == '\t') return "\\t";
    std::string text = code < 0x100 ? "\\x" : "\\u";
    for (int shift = code < 0x100 ? 4 : 12; shift >= 0; shift -= 4)
        text += kHex[code >> shift & 15];
    return text;
}

} // namespace

std::string replace_hidden(std::string_view text,
                           const std::function<std::string(char32_t)> &instead) {
    std::string out;
    while (!text.empty()) {
        const Character next = first_of(text);
        if (!next.is_utf8 || is_hidden(next.code))
            out += instead(next.code);
        else
            out += text.substr(0, next.size);
        text.remove_prefix(next.size);
    }
    return out;
}

bool shows_as_written(std::string_view text) {
    while (!text.empty()) {
        const Character next = first_of(text);
        if (!next.is_utf8 || is_hidden(next.code)) return false;
        text.remove_prefix(next.size);
    }
    return true;
}

std::string escaped(std::string_view text) {
    return replace_hidden(text, escape);
}

std::string in_quotes(std::string_view value) {
    const std::string_view shown = cut(value, kMaxShown);
    return '"' + escaped(shown) + (shown.size() < value.size() ? "..." : "") + '"';
}

std::string listed(const std::vector<std::string> &words) {
    std::string text;
    for (size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += ", ";
        if (i == kMaxListed) return text + "...";
        text += words[i];
    }
    return text;
}

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char &c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

size_t edit_distance(std::string_view from, std::string_view to) {
    // Rows of the usual table: the one above the previous one is needed for swaps of neighbours.
    std::vector<size_t> older(to.size() + 1);
    std::vector<size_t> previous(to.size() + 1);
    std::vector<size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= from.size(); ++i) {
        older.swap(previous);
        previous.swap(row);
        row[0] = i;
        for (size_t j = 1; j <= to.size(); ++j) {
            const size_t replaced = previous[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, previous[j] + 1, row[j - 1] + 1});
            const bool swapped =
                i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped) row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row.back();
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string> &candidates) {
    // About one slip in three letters is still recognisable. Names of devices and keys are short;
    // what is longer than any of them by far is no misspelling and need not be measured.
    constexpr size_t kLongest = 64;
    if (word.size() > kLongest) return std::nullopt;
    size_t best = std::max<size_t>(1, (word.size() + 1) / 3) + 1;
    std::optional<std::string> found;
    for (const std::string &candidate : candidates) {
        const size_t distance = edit_distance(lower_case(word), lower_case(candidate));
        if (distance < best) {
            best = distance;
            found = candidate;
        } else if (distance == best) {
            found.reset();
        }
    }
    return found;
}

} // namespace lagg
