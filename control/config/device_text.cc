// Devices: PCI addresses and DPDK's vdev strings.
#include "control/config/values.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>

namespace lagg::config {

namespace {

bool all_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool begins(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

/// DOMAIN:BUS:DEVICE.FUNCTION. Domains above ffff exist behind VMD controllers.
bool is_pci_address(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon < 4 || colon > 8) return false;
    const std::string_view rest = text.substr(colon + 1);
    if (rest.size() != 7 || rest[2] != ':' || rest[5] != '.') return false;
    if (!all_hex(text.substr(0, colon)) || !all_hex(rest.substr(0, 2))) return false;
    const bool device = (rest[3] == '0' || rest[3] == '1') && all_hex(rest.substr(4, 1));
    return device && rest[6] >= '0' && rest[6] <= '7';
}

/// Rather meant as a PCI address than as anything else: hexadecimal digits and ':' in front.
bool looks_like_pci(std::string_view text) {
    const size_t colon = text.find(':');
    return colon != std::string_view::npos && colon > 0 && all_hex(text.substr(0, colon));
}

bool looks_like_interface(std::string_view text) {
    return !text.empty() && text.size() < 16 && text[0] >= 'a' && text[0] <= 'z' &&
           text.find_first_of(",/:= ") == std::string_view::npos;
}

bool is_vdev(std::string_view text) {
    return begins(text, "net_") || begins(text, "eth_") || begins(text, "ring");
}

/// The value of "iface=" among a vdev's arguments, or nothing.
std::string_view interface_of(std::string_view device) {
    constexpr std::string_view kKey = ",iface=";
    const size_t at = device.find(kKey);
    if (at == std::string_view::npos) return {};
    device.remove_prefix(at + kKey.size());
    return device.substr(0, device.find(','));
}

Result<void> check_characters(std::string_view text) {
    if (text.find(' ') == std::string_view::npos && shows_as_written(text)) return {};
    return Error{"device " + in_quotes(text) + " contains a space or another character that does " +
                 "not show; the arguments of a device are joined by commas alone"};
}

Result<std::string> check_vdev(std::string_view text) {
    for (const std::string_view driver : {"net_af_packet", "net_af_xdp"}) {
        if (begins(text, driver) && interface_of(text).empty()) {
            return Error{"device " + in_quotes(text) + " does not say which kernel interface it " +
                         "takes; write " + in_quotes(std::string(driver) + ",iface=eth1")};
        }
    }
    return std::string(text);
}

} // namespace

Result<std::string> parse_device(std::string_view text) {
    std::string_view device = text;
    if (begins(device, "vdev:")) device.remove_prefix(5);
    if (is_vdev(device)) {
        if (const auto good = check_characters(device); !good) return good.error();
        return check_vdev(device);
    }

    const std::string_view address = device.substr(0, device.find(','));
    const std::string_view arguments = device.substr(address.size());
    const std::string with_domain = "0000:" + lower_case(address);
    for (const std::string &canonical : {lower_case(address), with_domain}) {
        if (!is_pci_address(canonical)) continue;
        if (const auto good = check_characters(arguments); !good)
            return check_characters(text).error();
        return canonical + std::string(arguments);
    }

    if (looks_like_pci(device)) {
        return Error{"device " + in_quotes(text) + " is not a PCI address; one is written " +
                     "domain:bus:device.function, such as \"0000:03:00.0\""};
    }
    std::string message = "device " + in_quotes(text) + " is neither a PCI address such as " +
                          "\"0000:03:00.0\" nor a DPDK vdev, which begins with net_, eth_ or ring";
    if (looks_like_interface(device)) {
        message += "; for the kernel interface of that name write " +
                   in_quotes("net_af_packet,iface=" + std::string(device));
    }
    return Error{message};
}

std::string pci_address(const std::string &device) {
    return is_vdev(device) ? std::string() : device.substr(0, device.find(','));
}

std::string opened_interface(const std::string &device) {
    const bool opens = begins(device, "net_af_packet") || begins(device, "net_af_xdp");
    return opens ? std::string(interface_of(device)) : std::string();
}

std::vector<std::string> named_interfaces(const std::string &device) {
    std::vector<std::string> names;
    for (size_t at = device.find(','); at != std::string::npos; at = device.find(',', at + 1)) {
        const std::string argument = device.substr(at + 1, device.find(',', at + 1) - at - 1);
        const size_t equals = argument.find('=');
        if (equals == std::string::npos) continue;
        const std::string_view key = std::string_view(argument).substr(0, equals);
        const std::string name = argument.substr(equals + 1);
        const bool fresh = std::find(names.begin(), names.end(), name) == names.end();
        if (fresh && (key.ends_with("iface") || key == "remote")) names.push_back(name);
    }
    return names;
}

std::string device_identity(const std::string &device) {
    if (!is_vdev(device)) return device.substr(0, device.find(','));
    const std::string_view interface = interface_of(device);
    return interface.empty() ? device : "iface=" + std::string(interface);
}

} // namespace lagg::config
