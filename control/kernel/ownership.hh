// One laggd for an interface: two of them would share its queues, and each see half of the frames.
#pragma once

#include "dataplane/base/result.hh"

#include <memory>
#include <string>

namespace lagg::kernel {

/// Ours for as long as this lives, and no longer than the process does. Holds in the network
/// namespace that interfaces are looked for in.
class Ownership {
  public:
    /// `role`: what it is used as, "lagg" or "port". The error names the process that has it. An
    /// interface that exists is known by its `index`, which stays when it is renamed; 0: by name.
    static Result<std::unique_ptr<Ownership>>
    take(const std::string &role, const std::string &interface, unsigned index = 0);
    ~Ownership();
    Ownership(const Ownership &) = delete;
    Ownership &operator=(const Ownership &) = delete;

  private:
    explicit Ownership(int fd) : fd_(fd) {}
    int fd_;
};

} // namespace lagg::kernel
