// The link of one device, asked of its driver by a thread of its own: a driver may take its time,
// or never answer when the device is dying, and no other port may have to wait for that.
//
// Devices are configured without link interrupts. With them ethdev answers from a copy that only
// the interrupt renews, and interrupts that never come are common: a kind of interrupt that the
// device does not have, or does not tell link changes with. What a driver tells all the same is
// taken as a reason to ask at once.
#pragma once

#include "dataplane/port/port.hh"
#include "dataplane/port/presence.hh"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace lagg::port {

/// Counters of the device itself, since it was started. Frames that never reached a worker.
struct NicCounters {
    uint64_t rx_missed = 0;    ///< the receive queue was full
    uint64_t rx_errors = 0;    ///< damaged on the way
    uint64_t rx_no_buffer = 0; ///< the packet pool was empty
    uint64_t tx_errors = 0;
};

using ExtendedCounters = std::vector<std::pair<std::string, uint64_t>>;

class LinkWatch {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds kPeriod{5};
    /// How the last change was found out.
    enum class Teller : uint8_t { NOBODY, START, POLL, DEVICE };
    friend const char *to_text(Teller teller);

    /// What is known now. Costs a few loads and waits for nobody.
    struct Known {
        Link link;
        uint32_t losses = 0; ///< how often the link went down
        Loss loss = Loss::NONE;
        Teller teller = Teller::NOBODY; ///< of the last change
        Clock::time_point changed;      ///< when the last change was seen
        Clock::time_point asked;        ///< when the driver answered last
        uint32_t told = 0;              ///< changes that the device told of itself
        uint32_t polled = 0;            ///< changes that only asking found
    };

    /// Watches a device that is started; `address` is that of a PCI device, or empty. `events`
    /// hears of every change. The first answer of the driver is there when this returns, unless the
    /// driver takes longer than half a second.
    LinkWatch(DeviceId device, const std::string &address, std::shared_ptr<LinkEvents> events);
    /// Returns at once when the driver does not answer; the thread then ends by itself.
    ~LinkWatch();
    LinkWatch(const LinkWatch &) = delete;
    LinkWatch &operator=(const LinkWatch &) = delete;

    Known known() const;
    NicCounters counters() const;
    /// All that the driver counts, by its own names; nothing when it does not answer within the
    /// limit.
    std::optional<ExtendedCounters> extended_counters(std::chrono::milliseconds limit) const;

    /// What the thread and the device's callbacks use; it lives for as long as any of them.
    struct Body;

  private:
    std::shared_ptr<Body> body_;
};

} // namespace lagg::port
