// A world that the Supervisor can change: devices, kernel interfaces and laggs as plain data, and a
// step at which something fails.
#pragma once

#include "laggd/edge.hh"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lagg::daemon {

/// Everything that can be seen from outside.
struct Seen {
    struct Lagg {
        config::Lagg config;
        MacAddress mac{};
        std::string upper;
        std::map<std::string, std::string> ports; ///< name to device, or to the problem
        bool operator==(const Lagg &) const = default;
    };
    std::map<std::string, uint16_t> devices; ///< open devices, and their MTUs
    std::map<std::string, kernel::Want> interfaces;
    std::map<std::string, Lagg> laggs;
    bool operator==(const Seen &) const = default;
};
std::string to_string(const Seen &seen);

class FakeWorld final : public Edge, public ProtocolSide {
  public:
    Seen seen;
    /// Calls that can fail so far; the one with this number fails.
    unsigned steps = 0;
    std::optional<unsigned> fails_at;
    std::set<std::string> broken;       ///< devices that cannot be opened
    std::set<std::string> used_by_host; ///< devices under whose address the host sends
    std::vector<std::string> goodbyes;  ///< "lagg0/p0"
    unsigned puts = 0;

    Result<std::shared_ptr<OpenPort>> open_port(const config::Config &config,
                                                const std::string &name) override;
    Result<std::shared_ptr<OpenUpper>> open_upper(const config::Lagg &lagg,
                                                  const kernel::Want &want) override;
    std::vector<std::string> wait_closed(std::chrono::milliseconds) override { return {}; }
    bool host_uses(const std::string &device) override { return used_by_host.contains(device); }

    void put(std::span<const aggregation::WantedLagg> laggs) override;
    void leave(std::span<const Membership> leaving) override;
    void come_back(std::span<const Membership>) override {}
    void take_off(std::span<const Membership> gone) override;
    void pause(std::span<const Membership>) override {}
    void resume(std::span<const Membership>, const OpenPort &) override {}
    bool wait_settled(std::chrono::milliseconds) override { return true; }
    void wait_for_workers() override {}
    bool distributes(const Membership &) override { return false; }
    bool is_up(const std::string &) override { return true; }
    void tell_carrier(const std::string &) override {}

    /// A step that fails when it is its turn.
    Result<void> step(const std::string &what);
    /// The device number of a device; a device keeps its own.
    port::DeviceId number_of(const std::string &device);
    static MacAddress mac_of(const std::string &device);

  private:
    std::map<std::string, port::DeviceId> numbers_;
};

} // namespace lagg::daemon
