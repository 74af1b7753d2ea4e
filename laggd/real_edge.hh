// Devices of DPDK and kernel interfaces, as the daemon opens them.
#pragma once

#include "dataplane/port/link_events.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/port/undertaker.hh"
#include "laggd/edge.hh"

#include <memory>
#include <string>
#include <vector>

namespace lagg::daemon {

class RealEdge final : public Edge {
  public:
    struct Parts {
        const port::PacketPool &pool;
        kernel::Rtnetlink &netlink;
        std::shared_ptr<port::LinkEvents> link_events;
        unsigned workers;
        std::string state_directory;
        bool may_open_taps;
    };
    explicit RealEdge(Parts parts) : parts_(std::move(parts)) {}

    Result<std::shared_ptr<OpenPort>> open_port(const config::Config &config,
                                                const std::string &name) override;
    Result<std::shared_ptr<OpenUpper>> open_upper(const config::Lagg &lagg,
                                                  const kernel::Want &want) override;
    std::vector<std::string> wait_closed(std::chrono::milliseconds limit) override;
    bool host_uses(const std::string &device) override;

  private:
    Parts parts_;
    port::Undertaker undertaker_;
};

/// The error with DPDK's first complaint since the last time anybody asked.
Error with_dpdk_reason(Error error);

} // namespace lagg::daemon
