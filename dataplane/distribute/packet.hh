// As much of a packet's descriptor as distribution reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace lagg::distribute {

/// Laid out as DPDK's rte_mbuf is (the worker asserts it), so that a burst of those is read where
/// it lies and this box does without DPDK.
struct [[gnu::may_alias]] Packet {
    const uint8_t *buffer = nullptr;
    uint64_t unused_iova = 0;
    uint16_t offset = 0; ///< of the first octet in the buffer
    uint16_t unused_rearm[3] = {};
    uint64_t flags = 0;
    uint32_t unused_type = 0;
    uint32_t packet_octets = 0; ///< all segments
    uint16_t octets = 0;        ///< in this buffer
    uint16_t unused_vlan = 0;
    uint32_t nic_hash = 0; ///< valid where flags has kHasNicHash

    static constexpr uint64_t kHasNicHash = 1u << 1;

    /// One that lies in one piece. The octets stay where they are.
    static Packet of(std::span<const uint8_t> octets) {
        return {.buffer = octets.data(),
                .packet_octets = static_cast<uint32_t>(octets.size()),
                .octets = static_cast<uint16_t>(octets.size())};
    }

    const uint8_t *data() const { return buffer + offset; }
    std::span<const uint8_t> bytes() const { return {data(), octets}; }
};

} // namespace lagg::distribute
