// FlowKey to a 32-bit hash, under a policy.
#pragma once

#include "dataplane/frame/flow_key.hh"

#include <cstdint>

namespace lagg::distribute {

/// Which fields the hash covers, and the seed that keeps two hashing devices in a row apart.
struct Policy {
    bool l2 = true;  ///< MAC addresses and VLANs
    bool l3 = true;  ///< IP addresses and protocol
    bool l4 = false; ///< TCP, UDP, SCTP ports
    uint32_t seed = 0;
    bool operator==(const Policy &) const = default;
};

/// Well mixed in its high bits, which choose the bucket. A frame that is not IP is hashed by its
/// MAC addresses, VLANs and ethertype under every policy, since nothing else tells its flows apart.
uint32_t flow_hash(const frame::FlowKey &key, const Policy &policy);

} // namespace lagg::distribute
