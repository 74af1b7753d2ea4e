// Ordering and printing of mistakes.
#include "control/config/mistake.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <tuple>

namespace lagg::config {

std::string to_string(const Mistake &mistake) {
    const std::string place = mistake.line == 0 ? ""
                                                : std::to_string(mistake.line) + ":" +
                                                      std::to_string(mistake.column) + ":";
    // Some messages quote what a policy's file or a library says.
    return escaped(mistake.file + ":" + place + " " + mistake.message);
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
