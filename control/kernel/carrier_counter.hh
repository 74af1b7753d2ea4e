// The kernel's counter of carrier changes of an interface, which tells at once what a notification
// may tell a second later.
//
// linkwatch sends at most one link event a second for all interfaces together, but for a few it
// calls urgent, and what asks for the state of a link waits for the kernel's link lock. The counter
// is raised by the driver's own call and read without any lock.
#pragma once

#include <cstdint>
#include <optional>

namespace lagg::kernel {

class CarrierCounter {
  public:
    /// Counter of the interface with that index, where the /sys of this process shows it.
    explicit CarrierCounter(unsigned index);
    ~CarrierCounter();
    CarrierCounter(CarrierCounter &&other) noexcept;
    CarrierCounter &operator=(CarrierCounter &&other) noexcept;

    /// Changes of the carrier so far, modulo 2^32. Takes about a microsecond and waits for nobody.
    /// Nothing where there is no such file, or the interface is gone.
    std::optional<uint32_t> read() const;

  private:
    int fd_ = -1;
};

} // namespace lagg::kernel
