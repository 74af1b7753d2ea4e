// "Did you mean ..?": the known word closest to one that was mistyped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lagg::api {

/// The candidate with the smallest edit distance to `word` (insert, delete, replace, swap of
/// neighbours), the first of equals. Empty when even that one differs in more than a third of its
/// letters (one letter is always forgiven): a far-fetched guess is worse than none.
std::string nearest(std::string_view word, const std::vector<std::string> &candidates);

} // namespace lagg::api
