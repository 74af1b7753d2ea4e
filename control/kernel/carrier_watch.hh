// Carrier of kernel interfaces as rtnetlink tells it: net_af_packet and net_af_xdp report a link
// that is always up, so the truth about such a port comes from here.
#pragma once

#include "dataplane/base/result.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace lagg::kernel {

/// Who tells of a carrier.
enum class CarrierSource : uint8_t {
    NOTIFICATION, ///< rtnetlink, by itself; up to a second late
    ANSWER,       ///< rtnetlink, asked
    COUNTER,      ///< the counter of carrier changes
};
inline constexpr size_t kCarrierSources = 3;
const char *to_text(CarrierSource source);

struct Carrier {
    unsigned index; ///< interface index
    bool present;   ///< false: the interface is gone
    bool up;        ///< administratively up and with carrier
    CarrierSource source = CarrierSource::NOTIFICATION;
};

class CarrierWatch {
  public:
    /// Subscribes to link messages and dumps the present state once.
    static Result<std::unique_ptr<CarrierWatch>> open();
    virtual ~CarrierWatch() = default;
    /// Each is readable when there is something to handle; reading it through handle() never
    /// blocks.
    virtual int fd() const = 0;
    virtual int counter_fd() const = 0;
    /// Interfaces whose loss of carrier is to be known within a few milliseconds, whatever else
    /// happens on the machine. Returns at once.
    virtual void follow(const std::vector<unsigned> &indexes) = 0;
    /// Reads all messages waiting and reports every link in them; after an overrun, everything
    /// again as the answers come. The kernel holds a notification back for up to a second when any
    /// interface changed just before; that matters for interfaces that are not followed only.
    virtual void handle(const std::function<void(const Carrier &)> &report) = 0;
    /// Has all links reported anew through handle(). Returns at once: a thread of the watch asks.
    virtual void request_dump() = 0;
};

/// Speed (Mb/s, 0 unknown) and duplex of an interface, from sysfs.
struct LinkSpeed {
    uint32_t mbps = 0;
    bool full_duplex = true;
};
/// Waits for the kernel's link lock, which a driver may hold for seconds: nothing for the protocol
/// thread. Unknown and full duplex where there is no such interface in the namespace of /sys.
LinkSpeed link_speed(unsigned index);

} // namespace lagg::kernel
