#include "laggd/undo.hh"

namespace lagg::daemon {

Undo::~Undo() {
    while (!steps_.empty()) {
        const std::function<void()> step = std::move(steps_.back());
        steps_.pop_back();
        step();
    }
}

} // namespace lagg::daemon
