#include "tests/dataplane/distribute/burst.hh"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>

namespace lagg::distribute {

namespace {

std::string hex(std::span<const uint8_t> octets) {
    std::string text;
    for (const uint8_t octet : octets) {
        std::array<char, 4> two{};
        std::snprintf(two.data(), two.size(), "%02x", octet);
        text += two.data();
    }
    return text;
}

} // namespace

void Burst::add(std::span<const uint8_t> frame, uint16_t offset, std::optional<uint32_t> nic_hash) {
    // Not a vector: its capacity may be larger than its size.
    auto &buffer = buffers_.emplace_back(std::make_unique<uint8_t[]>(offset + frame.size()));
    std::copy(frame.begin(), frame.end(), buffer.get() + offset);
    packets_.push_back({.buffer = buffer.get(),
                        .offset = offset,
                        .flags = nic_hash ? Packet::kHasNicHash : 0,
                        .packet_octets = static_cast<uint32_t>(frame.size()),
                        .octets = static_cast<uint16_t>(frame.size()),
                        .nic_hash = nic_hash.value_or(0)});
}

std::vector<const Packet *> Burst::pointers() const {
    std::vector<const Packet *> pointers;
    for (const Packet &packet : packets_)
        pointers.push_back(&packet);
    return pointers;
}

void Burst::clear() {
    packets_.clear();
    buffers_.clear();
}

Spread spread_of(const Policy &policy) {
    Spread spread;
    spread.table = build(BucketTable::empty(), std::vector<uint32_t>(kMaxMembers, 1));
    spread.policy = policy;
    spread.hash = FlowHash(policy);
    return spread;
}

Outcome outcome(InstructionSet set, const Spread &spread, const Burst &burst) {
    const std::vector<const Packet *> pointers = burst.pointers();
    constexpr uint16_t kNotWritten = 0xeeee;
    Outcome result;
    result.buckets.assign(burst.size() + 1, kNotWritten);
    const BucketFunction function = bucket_function(spread.policy, set);
    result.slow = function(spread, pointers.data(), burst.size(), result.buckets.data());
    // One place behind the burst stands guard.
    assert(result.buckets.back() == kNotWritten);
    result.buckets.pop_back();
    return result;
}

std::string difference(InstructionSet set, const Spread &spread, const Burst &burst) {
    const Outcome expected = outcome(InstructionSet::SCALAR, spread, burst);
    const Outcome found = outcome(set, spread, burst);
    for (size_t i = 0; i < burst.size(); i++) {
        if (found.buckets[i] == expected.buckets[i]) continue;
        return std::string(to_text(set)) + ": packet " + std::to_string(i) + " of " +
               std::to_string(burst.size()) + " is of bucket " + std::to_string(found.buckets[i]) +
               ", by the reference of " + std::to_string(expected.buckets[i]) + "; " +
               hex(burst[i].bytes());
    }
    if (found.slow == expected.slow) return {};
    return std::string(to_text(set)) + ": slow frames are " + (found.slow ? "" : "not ") +
           "announced, by the reference they are" + (expected.slow ? "" : " not");
}

} // namespace lagg::distribute
