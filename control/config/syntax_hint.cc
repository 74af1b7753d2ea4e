// Guesses at the slip behind a syntax error, from the text in front of it.
//
// An array that is not closed is noticed at the next table header at the earliest, many lines
// later; a value without quotes fails in whatever way its first letters suggest to the parser.
#include "control/config/syntax_hint.hh"

#include "dataplane/base/wording.hh"

#include <vector>

namespace lagg::config {

namespace {

std::string_view line_of(std::string_view text, unsigned number) {
    for (; number > 1; --number) {
        const size_t end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    return text;
}

/// Walks over the text as far as an error and remembers what is still open there.
class OpenThings {
  public:
    OpenThings(std::string_view text, unsigned last_line) : text_(text) {
        while (at_ < text_.size() && line_ <= last_line)
            step();
    }

    unsigned array_line() const { return arrays_.empty() ? 0 : arrays_.front(); }
    unsigned string_line() const { return string_line_; }

  private:
    bool starts(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

    void step() {
        const char c = text_[at_];
        if (c == '#') return skip_to_line_end();
        if (c == '"' || c == '\'') return skip_string(c);
        // A header is no array; within an open array a line may well begin with a bracket, but
        // what looks like a header there is one in the operator's mind.
        if (c == '[' && line_begins_) return skip_to_line_end();
        if (c == '[') arrays_.push_back(line_);
        if (c == ']' && !arrays_.empty()) arrays_.pop_back();
        advance();
    }

    void advance() {
        const char c = text_[at_++];
        if (c == '\n') {
            ++line_;
            line_begins_ = true;
        } else if (c != ' ' && c != '\t' && c != '\r') {
            line_begins_ = false;
        }
    }

    void skip_to_line_end() {
        while (at_ < text_.size() && text_[at_] != '\n')
            advance();
    }

    void skip_string(char quote) {
        const std::string three(3, quote);
        const bool long_string = starts(three);
        const std::string_view end =
            long_string ? std::string_view(three) : std::string_view(three).substr(0, 1);
        const unsigned opened = line_;
        for (size_t i = 0; i < end.size(); ++i)
            advance();
        while (at_ < text_.size() && !starts(end)) {
            if (!long_string && text_[at_] == '\n') return;
            if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) advance();
            advance();
        }
        if (at_ >= text_.size() && long_string) string_line_ = opened;
        for (size_t i = 0; i < end.size() && at_ < text_.size(); ++i)
            advance();
    }

    std::string_view text_;
    size_t at_ = 0;
    unsigned line_ = 1;
    bool line_begins_ = true;
    std::vector<unsigned> arrays_; ///< lines of the open brackets, outermost first
    unsigned string_line_ = 0;
};

/// The byte at which the character in a column begins.
size_t offset_of_column(std::string_view line, unsigned column) {
    size_t offset = 0;
    for (unsigned passed = 1; offset < line.size(); ++offset) {
        const bool begins = (static_cast<unsigned char>(line[offset]) & 0xc0) != 0x80;
        if (begins && passed++ == column) break;
    }
    return offset;
}

/// What stands around a column, up to the next space, bracket, comma or equals sign.
std::string_view word_at(std::string_view line, unsigned column) {
    constexpr std::string_view kDelimiters = " \t=,[]{}#";
    const size_t offset = offset_of_column(line, column);
    if (offset >= line.size()) return {};
    size_t begin = offset;
    while (begin > 0 && kDelimiters.find(line[begin - 1]) == std::string_view::npos)
        --begin;
    return line.substr(begin, line.find_first_of(kDelimiters, offset) - begin);
}

bool is_number(std::string_view word) {
    return word.find_first_not_of("0123456789_+-.") == std::string_view::npos;
}

/// For a value that toml++ cannot read: nearly always text without quotes.
std::string hint_of_word(std::string_view word) {
    if (word.empty() || word.front() == '"' || word.front() == '\'' || is_number(word)) return {};
    if (word.substr(0, 2) == "\xe2\x80") return "; use the plain quote \", not a typographic one";
    const std::string lower = lower_case(word);
    if (lower == "true" || lower == "yes" || lower == "on") return "; write true";
    if (lower == "false" || lower == "no" || lower == "off") return "; write false";
    return "; text needs quotes: " + in_quotes(word);
}

/// Whether a line looks like the beginning of something new, so that what is still open in front of
/// it has been forgotten.
bool begins_anew(std::string_view line) {
    line = trimmed(line);
    return !line.empty() && (line.front() == '[' || line.find('=') != std::string_view::npos);
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace

std::string syntax_hint(std::string_view text, Position at, std::string_view description) {
    if (contains(description, "cannot redefine")) {
        for (const std::string table : {"lagg", "port"}) {
            if (contains(description, "table '" + table + "'")) {
                return "; write [[" + table + "]] in front of each " + table;
            }
        }
        return "; a key may be given once";
    }
    const OpenThings open(text, at.line);
    if (open.string_line() != 0) {
        return "; the string opened near line " + std::to_string(open.string_line()) +
               " is not closed";
    }
    const std::string_view line = line_of(text, at.line);
    const bool at_end = contains(description, "end-of-file");
    const bool earlier = open.array_line() < at.line;
    if (open.array_line() != 0 && (at_end || (earlier && begins_anew(line)))) {
        return "; the array opened near line " + std::to_string(open.array_line()) +
               " is not closed";
    }
    if (contains(description, "control characters")) return "; is a closing quote missing?";
    if (contains(description, "saw ','")) return "; several values are written [a, b]";
    // In a key or a header a word that cannot be read is what the parser says it is.
    for (const char *part : {"root table", "table header", "parsing key:", "expected '='"}) {
        if (contains(description, part)) return {};
    }
    return hint_of_word(word_at(line, at.column));
}

} // namespace lagg::config
