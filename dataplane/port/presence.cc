#include "dataplane/port/presence.hh"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace lagg::port {

namespace {

constexpr uint16_t kNobody = 0xffff; ///< vendor that an absent device seems to have
/// Bits of the command register (PCI Local Bus Specification 6.2.2): the device answers to memory
/// accesses, and may make some itself.
constexpr uint16_t kMemorySpace = 1U << 1;
constexpr uint16_t kBusMaster = 1U << 2;

struct Header {
    uint16_t vendor = 0;
    uint16_t command = 0;
};

/// False with errno when it cannot be read.
bool read_header(int fd, Header &header) {
    std::array<uint8_t, 6> octets{};
    const ssize_t got = pread(fd, octets.data(), octets.size(), 0);
    if (got != static_cast<ssize_t>(octets.size())) {
        if (got >= 0) errno = EIO;
        return false;
    }
    header.vendor = static_cast<uint16_t>(octets[0] | octets[1] << 8);
    header.command = static_cast<uint16_t>(octets[4] | octets[5] << 8);
    return true;
}

} // namespace

const char *to_text(Loss loss) {
    switch (loss) {
    case Loss::NONE: return "is there";
    case Loss::UNPLUGGED: return "is unplugged";
    case Loss::SILENT: return "answers no more";
    case Loss::DISABLED: return "was disabled on the PCI bus by somebody else";
    case Loss::RESET: return "has to be reset";
    }
    return "?";
}

Presence::Presence(const std::string &address, const std::string &devices)
    : path_(devices + "/" + address + "/config"), fd_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
    Header header;
    if (fd_ >= 0 && read_header(fd_, header))
        allowed_ = header.command & (kMemorySpace | kBusMaster);
}

Presence::~Presence() {
    if (fd_ >= 0) close(fd_);
}

Loss Presence::look() const {
    if (fd_ < 0) return Loss::NONE;
    Header header;
    if (!read_header(fd_, header)) {
        // The file of a device that the kernel removed stays open and cannot be read any more.
        if (errno == ENODEV || errno == ENXIO) return Loss::UNPLUGGED;
        return access(path_.c_str(), F_OK) == 0 ? Loss::NONE : Loss::UNPLUGGED;
    }
    if (header.vendor == kNobody) return Loss::SILENT;
    if ((header.command & allowed_) != allowed_) return Loss::DISABLED;
    return Loss::NONE;
}

} // namespace lagg::port
