// Words for messages: values in quotes, lists, and the nearest name to a misspelt one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lagg {

/// The text with something else in the place of each character that steers a terminal or hides
/// what is written: controls, line and paragraph separators, marks that turn the direction of
/// writing, and octets that are no UTF-8, which are their own number.
std::string replace_hidden(std::string_view text,
                           const std::function<std::string(char32_t)> &instead);
/// Whether there is nothing to replace.
bool shows_as_written(std::string_view text);

/// The text with hidden characters as they are written in C++: "\\x1b", "\\u202e".
std::string escaped(std::string_view text);
/// The value in double quotes, hidden characters escaped, cut after 60 octets.
std::string in_quotes(std::string_view value);

/// "a, b, c"; of a long list the first 16 and "...".
std::string listed(const std::vector<std::string> &words);

std::string lower_case(std::string_view text);
/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// How many insertions, deletions, replacements and swaps of neighbours lead from one to the other.
size_t edit_distance(std::string_view from, std::string_view to);

/// The candidate that `word` is most likely a misspelling of, whatever its case. Nothing when none
/// is near or when two are equally near: a guess between "p0" and "p1" helps nobody.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string> &candidates);

} // namespace lagg
