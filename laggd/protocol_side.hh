// What the daemon has to do with the protocol thread, carried out on it.
#pragma once

#include "control/aggregation/protocol_thread.hh"
#include "laggd/edge.hh"

namespace lagg::daemon {

class RealProtocolSide final : public ProtocolSide {
  public:
    explicit RealProtocolSide(aggregation::ProtocolThread &thread) : thread_(thread) {}

    void put(std::span<const aggregation::WantedLagg> laggs) override;
    void leave(std::span<const Membership> leaving) override;
    void come_back(std::span<const Membership> returning) override;
    void take_off(std::span<const Membership> gone) override;
    void pause(std::span<const Membership> paused) override;
    void resume(std::span<const Membership> paused, const OpenPort &port) override;
    bool wait_settled(std::chrono::milliseconds limit) override {
        return thread_.wait_settled(limit);
    }
    void wait_for_workers() override { thread_.wait_for_workers(); }
    bool distributes(const Membership &port) override;
    bool is_up(const std::string &lagg) override;
    void tell_carrier(const std::string &lagg) override;

  private:
    aggregation::ProtocolThread &thread_;
};

} // namespace lagg::daemon
