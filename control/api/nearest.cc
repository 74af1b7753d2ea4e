// Edit distance over short words: names of laggs, views, paths.
#include "control/api/nearest.hh"

#include <algorithm>
#include <cstddef>

namespace lagg::api {
namespace {

// Optimal string alignment, three rows of the table at a time.
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        before.swap(previous);
        previous.swap(row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, previous[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::string nearest(std::string_view word, const std::vector<std::string> &candidates) {
    // No name is this long, and the table grows with the product of the lengths.
    constexpr size_t kLongest = 64;
    if (word.size() > kLongest) return {};
    const std::string *best = nullptr;
    size_t best_distance = 0;
    for (const std::string &candidate : candidates) {
        const size_t distance = edit_distance(word, candidate);
        if (!best || distance < best_distance) {
            best = &candidate;
            best_distance = distance;
        }
    }
    return best && best_distance <= std::max<size_t>(1, best->size() / 3) ? *best : std::string();
}

} // namespace lagg::api
