// What stands above a lagg, whatever it is: the kernel, another port, nothing. Who has one of these
// need not know which.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/port/link_watch.hh"
#include "dataplane/port/port.hh"

#include <cstdint>
#include <memory>
#include <string>

struct rte_mbuf;

namespace lagg::upper {

struct Endpoint;
/// A burst from or to a lagg's upper side, like rte_eth_rx_burst and rte_eth_tx_burst.
using Burst = uint16_t (*)(const Endpoint &, uint16_t queue, rte_mbuf **frames, uint16_t count);
uint16_t receive_from_device(const Endpoint &, uint16_t queue, rte_mbuf **frames, uint16_t count);
uint16_t send_to_device(const Endpoint &, uint16_t queue, rte_mbuf **frames, uint16_t count);

/// The part that workers have. Its functions are chosen when it is opened, so that the loop does
/// not ask what kind of upper side it has.
struct Endpoint {
    uint16_t id = port::kNoDevice; ///< a worker::EndpointId; an ethdev's own number
    uint16_t receive_queues = 1;
    void *side = nullptr; ///< for the two functions, where `id` does not say it all
    Burst receive = receive_from_device;
    Burst send = send_to_device;
    bool operator==(const Endpoint &) const = default;
};

/// Somebody who wants to know whether the lagg carries traffic.
class Carrier {
  public:
    virtual ~Carrier() = default;
    /// May wait for the kernel. The error does not name the lagg.
    virtual Result<void> set_carrier(bool up) const = 0;
};

/// The [[port]] that an upper side is.
struct Device {
    std::string port;                         ///< empty where it is none
    unsigned interface_index = 0;             ///< of the kernel's interface behind the device
    std::shared_ptr<port::LinkWatch> watch{}; ///< where its driver is asked for the link
    bool operator==(const Device &) const = default;
};

/// As many queues as workers may have.
inline constexpr uint16_t kAnyQueues = 0xffff;

struct Upper {
    Endpoint endpoint{};
    uint16_t queues = kAnyQueues;             ///< that workers send on
    std::shared_ptr<const Carrier> carrier{}; ///< null where nobody wants to know
    unsigned interface_index = 0;             ///< of a kernel interface that is the lagg's own
    Device device{};
    std::string text = "none"; ///< kernel:lagg0, port:NAME, none
    bool operator==(const Upper &) const = default;
};

} // namespace lagg::upper
