// Checks of a machine against a configuration, each with the command that mends it. Pure: a Machine
// goes in, findings come out.
#pragma once

#include "control/config/config.hh"
#include "control/host/machine.hh"
#include "dataplane/port/pool_size.hh"

#include <cstdint>
#include <string>
#include <vector>

namespace lagg::host {

enum class Level {
    OK,
    UNSEEN, ///< it could not be looked at
    WARN,   ///< it works, or may work, and something is lost
    WRONG,  ///< what the configuration asks for cannot work
};

/// "ok", "unseen", "warn", "wrong".
const char *to_text(Level level);

struct Finding {
    std::string check; ///< a word for scripts, such as "iommu"
    Level level = Level::OK;
    std::string says; ///< one sentence, without a full stop
    /// Commands or lines of lagg.toml that mend it on this machine, each a line; empty where there
    /// is none to give.
    std::vector<std::string> mend{};
    /// Whether the configuration asks for it. The others concern the machine as a whole.
    bool asked = true;
};

/// Huge pages, the IOMMU and its drivers, /dev/net/tun, cores, the service.
std::vector<Finding> check_machine(const Machine &machine, const config::Config &config);

/// A port's device: that it is there, bound where DPDK can take it for good, and nobody else's.
std::vector<Finding> check_port(const Machine &machine, const config::Config &config,
                                const config::Port &port);

/// Ports as a configuration would name them, for every network device on the PCI bus.
std::vector<config::Port> ports_of_every_nic(const Machine &machine);

/// The sentence and, behind it, what mends it.
std::string to_sentence(const Finding &finding);

/// The first finding that is WRONG as a sentence; empty when there is none.
std::string first_wrong(const std::vector<Finding> &findings);

/// Buffers that ports and workers can keep at the same time, if their devices have the queues and
/// the descriptors that are asked for.
port::PoolNeed buffers_needed(const config::Config &config);

/// Files that are open at the same time, beside those of the API's clients.
uint64_t descriptors_needed(const config::Config &config);

/// Buffers in the packet pool and in that of frames of our own, for a daemon that starts with this
/// configuration.
struct Pools {
    uint32_t data;
    uint32_t slow;
};
Pools pools_of(const config::Config &config);

/// That the packet pool is large enough for the ports.
Finding check_buffers(const config::Config &config);

/// Octets of memory that a daemon with this configuration takes for packets and for itself.
uint64_t memory_needed(const config::Config &config);

/// Free huge pages of all sizes, in octets.
uint64_t free_huge_page_bytes(const Machine &machine);

} // namespace lagg::host
