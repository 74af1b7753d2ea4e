// Steps that are taken back, last first, unless all of them succeeded: how a change of several
// parts is made whole or not at all.
#pragma once

#include <functional>
#include <vector>

namespace lagg::daemon {

class Undo {
  public:
    Undo() = default;
    /// Takes everything back that was not kept.
    ~Undo();
    Undo(const Undo &) = delete;
    Undo &operator=(const Undo &) = delete;

    void on_failure(std::function<void()> step) { steps_.push_back(std::move(step)); }
    /// It all worked: nothing is taken back any more.
    void keep() { steps_.clear(); }

  private:
    std::vector<std::function<void()>> steps_;
};

} // namespace lagg::daemon
