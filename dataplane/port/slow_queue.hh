// A receive queue of a device that gets the frames of slow protocols and nothing else, so that
// LACPDUs are not lost when data fills the other queues.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/port/nic_setup.hh"

#include <rte_flow.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace lagg::port {

/// Whether the driver of a configured device says that it can lead frames to a queue by their type.
bool can_lead_by_type(uint16_t device);

/// The rules that make a queue of a started device that of slow protocols, in force until they are
/// destroyed, which has to be before the device is stopped.
class SlowQueue {
  public:
    /// Leads slow protocols to queue number `data_queues`, and all else to those before it.
    static Result<std::unique_ptr<SlowQueue>> make(uint16_t device, uint16_t data_queues,
                                                   DataLeading leading);
    ~SlowQueue();
    SlowQueue(const SlowQueue &) = delete;
    SlowQueue &operator=(const SlowQueue &) = delete;

  private:
    explicit SlowQueue(uint16_t device) : device_(device) {}
    Result<void> lead(uint16_t ether_type, uint16_t queue, uint32_t priority);

    uint16_t device_;
    std::vector<rte_flow *> rules_;
};

} // namespace lagg::port
