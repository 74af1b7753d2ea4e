// Bursts for whoever compares the ways to spread one. Each frame is in a block of the heap that
// ends with the frame's last octet, so that AddressSanitizer sees a vector load that goes further.
#pragma once

#include "dataplane/distribute/instruction_set.hh"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lagg::distribute {

class Burst {
  public:
    /// Copies the frame, `offset` octets into its buffer.
    void add(std::span<const uint8_t> frame, uint16_t offset = 0,
             std::optional<uint32_t> nic_hash = std::nullopt);
    size_t size() const { return packets_.size(); }
    const Packet &operator[](size_t i) const { return packets_[i]; }
    std::vector<const Packet *> pointers() const;
    void clear();

  private:
    std::vector<std::unique_ptr<uint8_t[]>> buffers_;
    std::vector<Packet> packets_;
};

/// The spread of a policy over 32 members of equal weight.
Spread spread_of(const Policy &policy);

/// The answer of a bucket function for a burst.
struct Outcome {
    std::vector<uint16_t> buckets;
    bool slow = false;
};
Outcome outcome(InstructionSet set, const Spread &spread, const Burst &burst);

/// Empty where the set does with at most kMostPackets packets what the scalar reference does; else
/// the first packet that is treated otherwise, in words.
std::string difference(InstructionSet set, const Spread &spread, const Burst &burst);

} // namespace lagg::distribute
