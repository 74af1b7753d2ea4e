#include "dataplane/port/device.hh"

#include "dataplane/files/system_error.hh"

#include <fmt/format.h>

#include <net/if.h>

#include <cctype>
#include <filesystem>
#include <string_view>

namespace lagg::port {

namespace {

bool is_pci(std::string_view text) {
    // 0000:03:00.0; a vdev's name begins with a letter and holds no colon before its first comma.
    return text.substr(0, text.find(',')).find(':') != std::string_view::npos;
}

} // namespace

std::string argument(std::string_view arguments, std::string_view key) {
    while (!arguments.empty()) {
        const size_t end = arguments.find(',');
        const std::string_view one = arguments.substr(0, end);
        if (one.size() > key.size() && one.substr(0, key.size()) == key && one[key.size()] == '=')
            return std::string(one.substr(key.size() + 1));
        if (end == std::string_view::npos) break;
        arguments.remove_prefix(end + 1);
    }
    return {};
}

namespace {

/// Drivers that a vdev's name can begin with; DPDK takes whatever follows as the instance.
constexpr std::string_view kDrivers[] = {
    "net_af_packet", "net_af_xdp",   "net_tap",         "net_tun",    "net_memif",
    "net_vhost",     "eth_vhost",    "net_null",        "net_ring",   "net_pcap",
    "net_bonding",   "net_failsafe", "net_virtio_user", "virtio_user"};

std::string driver_of(std::string name) {
    for (const std::string_view driver : kDrivers)
        if (name.starts_with(driver)) return std::string(driver);
    while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back())))
        name.pop_back();
    return name;
}

} // namespace

Device parse_device(const std::string &text, const std::string &port) {
    Device device;
    const size_t comma = text.find(',');
    device.name = text.substr(0, comma);
    if (comma != std::string::npos) device.arguments = text.substr(comma + 1);
    device.pci = is_pci(text);
    if (device.pci) return device;
    device.driver = driver_of(device.name);
    device.interface = argument(device.arguments, "iface");
    if (device.driver == device.name && !port.empty()) device.name += "_" + port;
    return device;
}

bool opens_interface(const Device &device) {
    return device.driver == "net_af_packet" || device.driver == "net_af_xdp";
}

Result<void> check_device(const Device &device) {
    if (opens_interface(device)) {
        if (device.interface.empty())
            return Error{fmt::format("{} needs the kernel interface to open: {},iface=NAME",
                                     device.driver, device.driver)};
        if (const Result<unsigned> index = interface_index(device.interface); !index)
            return index.error();
    }
    if (const std::string file = argument(device.arguments, "rx_pcap"); !file.empty()) {
        std::error_code ignored;
        if (!std::filesystem::exists(file, ignored))
            return Error{fmt::format("there is no file '{}' to read packets from", file)};
    }
    return {};
}

} // namespace lagg::port
