// How an interface was before laggd had it, also for the next process: one that is killed puts
// nothing back.
#pragma once

#include "control/kernel/interface.hh"

#include <map>
#include <optional>
#include <string>

namespace lagg::kernel {

/// What ports change of an interface beside its sysctls.
struct LinkBefore {
    uint16_t mtu = 0;
    MacAddress mac{};
    bool promiscuous = false;
    bool operator==(const LinkBefore &) const = default;
};

struct Before {
    std::map<std::string, std::string> sysctls; ///< "ipv4/arp_ignore": its value
    std::optional<LinkBefore> link;
    bool operator==(const Before &) const = default;
};

/// Nothing when the file cannot be read; errno says why. `key` as in Before.
std::optional<std::string> read_sysctl(const std::string &interface, const std::string &key);
/// False when it cannot be written; errno says why.
bool write_sysctl(const std::string &interface, const std::string &key, const std::string &value);
/// Nothing when there is no such interface.
std::optional<LinkBefore> read_link(Rtnetlink &netlink, const std::string &interface);
/// An interface that vanishes just now takes its settings along, so that a failure is of no
/// consequence.
void put_back(Rtnetlink &netlink, const std::string &interface, const Before &before);

std::string file_of(const std::string &directory, unsigned index);
/// Nothing when there is no such file; what is no setting in it is passed over.
std::optional<Before> read_before(const std::string &file);
/// A failure is told, and costs no more than the return after a kill.
Result<void> write_before(const std::string &file, const Before &before);

} // namespace lagg::kernel
