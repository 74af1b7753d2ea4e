// Ordering and printing of mistakes.
#include "control/config/mistake.hh"

#include <algorithm>
#include <tuple>

namespace lagg::config {

std::string to_string(const Mistake &mistake) {
    if (mistake.line == 0) return mistake.file + ": " + mistake.message;
    return mistake.file + ":" + std::to_string(mistake.line) + ":" +
           std::to_string(mistake.column) + ": " + mistake.message;
}

void Complaints::add(Position at, std::string message) {
    list_.push_back({file_, at.line, at.column, std::move(message)});
}

Mistakes Complaints::take() && {
    // Stable: two mistakes at one place stay in the order in which the rules are written.
    std::stable_sort(list_.begin(), list_.end(), [](const Mistake &a, const Mistake &b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return {std::move(list_)};
}

} // namespace lagg::config
