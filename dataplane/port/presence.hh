// Whether a PCI device is still there. One that was pulled out, or whose bridge cut it off, answers
// every read of its registers with ones, among which a driver finds a link that is up.
#pragma once

#include <cstdint>
#include <string>

namespace lagg::port {

/// Why a device can no longer be used.
enum class Loss : uint8_t {
    NONE,
    UNPLUGGED, ///< the kernel has it no more, or asks for it back
    SILENT,    ///< its configuration space reads as ones
    DISABLED,  ///< its command register no longer lets it answer or write to memory
    RESET,     ///< its driver wants it to be opened anew
};
/// "is unplugged", "answers no more", ...: for a sentence that begins with the device.
const char *to_text(Loss loss);

/// The configuration space of a PCI device, through the kernel. Reading it does not wait for the
/// device.
class Presence {
  public:
    /// `address` as "0000:03:00.0". The device has to be enabled already: what its command register
    /// allows now it has to allow later.
    explicit Presence(const std::string &address,
                      const std::string &devices = "/sys/bus/pci/devices");
    ~Presence();
    Presence(const Presence &) = delete;
    Presence &operator=(const Presence &) = delete;

    /// NONE also where the kernel does not show the configuration space.
    Loss look() const;

  private:
    std::string path_;
    int fd_;
    uint16_t allowed_ = 0; ///< bits of the command register that were set
};

} // namespace lagg::port
