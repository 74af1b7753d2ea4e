#include "dataplane/port/unfinished_checksum.hh"

#include <rte_ip.h>

#include <cstring>

namespace lagg::port {

namespace {

/// Place of the checksum in an SCTP header; no other protocol that leaves its checksum to a device
/// has it there.
constexpr uint32_t kSctpOffset = 8;
/// CRC32C's polynomial, the lowest bit first.
constexpr uint32_t kCrc32c = 0x82f63b78;

uint32_t crc32c(const uint8_t *octets, uint32_t count) {
    uint32_t crc = ~0u;
    for (uint32_t i = 0; i < count; ++i) {
        crc ^= octets[i];
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1 ^ (kCrc32c & (0 - (crc & 1)));
    }
    return ~crc;
}

} // namespace

bool finish_checksum(uint8_t *frame, uint32_t length, uint32_t start, uint32_t offset) {
    const bool sctp = offset == kSctpOffset;
    const uint32_t field = sctp ? sizeof(uint32_t) : sizeof(uint16_t);
    if (start > length || length - start < offset + field) return false;
    uint8_t *const octets = frame + start;
    if (sctp) {
        const uint32_t crc = rte_cpu_to_le_32(crc32c(octets, length - start));
        std::memcpy(octets + offset, &crc, sizeof crc);
        return true;
    }
    auto sum = static_cast<uint16_t>(~rte_raw_cksum(octets, length - start));
    // Zero says in UDP that there is no checksum; the two zeros of the sum are equal everywhere.
    if (sum == 0) sum = 0xffff;
    std::memcpy(octets + offset, &sum, sizeof sum);
    return true;
}

} // namespace lagg::port
