// A checksum that the sender's kernel left to its device, as it does where the device is a veth or
// a TAP: the field holds the sum over the pseudo-header, or nothing for SCTP.
#pragma once

#include <cstdint>

namespace lagg::port {

/// Finishes the checksum over the octets of the frame from `start` on; its field is `offset` octets
/// behind `start`. False, and nothing is written, when that leads out of the frame.
bool finish_checksum(uint8_t *frame, uint32_t length, uint32_t start, uint32_t offset);

} // namespace lagg::port
