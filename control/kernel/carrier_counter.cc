#include "control/kernel/carrier_counter.hh"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <net/if.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace lagg::kernel {

CarrierCounter::CarrierCounter(unsigned index) {
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(index, name.data()) == nullptr) return;
    const std::string folder = std::string("/sys/class/net/") + name.data() + "/";
    // The /sys of another network namespace may show an interface of the same name.
    unsigned shown = 0;
    if (!(std::ifstream(folder + "ifindex") >> shown) || shown != index) return;
    fd_ = open((folder + "carrier_changes").c_str(), O_RDONLY | O_CLOEXEC);
}

CarrierCounter::~CarrierCounter() {
    if (fd_ >= 0) close(fd_);
}

CarrierCounter::CarrierCounter(CarrierCounter &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

CarrierCounter &CarrierCounter::operator=(CarrierCounter &&other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

std::optional<uint32_t> CarrierCounter::read() const {
    std::array<char, 24> text{};
    if (fd_ < 0) return std::nullopt;
    const ssize_t size = pread(fd_, text.data(), text.size(), 0);
    uint32_t count = 0;
    if (size <= 0 || std::from_chars(text.data(), text.data() + size, count).ec != std::errc{})
        return std::nullopt;
    return count;
}

} // namespace lagg::kernel
