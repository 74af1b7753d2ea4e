// DPDK's environment: memory and cores, decided before EAL is asked so that the operator hears in
// our words what is missing.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/result.hh"

#include <string>
#include <vector>

namespace lagg::daemon {

class Eal {
  public:
    /// Starts EAL for this configuration. Huge pages are taken without files in hugetlbfs, so a
    /// killed process leaves none behind.
    static Result<Eal> start(const config::Config &config);

    /// lcores to launch workers on.
    const std::vector<unsigned> &worker_lcores() const { return worker_lcores_; }
    /// "huge pages" or "no huge pages".
    const std::string &memory() const { return memory_; }

    /// Releases everything; no DPDK call may follow.
    static void stop();

  private:
    std::vector<unsigned> worker_lcores_;
    std::string memory_;
};

} // namespace lagg::daemon
