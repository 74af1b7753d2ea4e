#include "tests/dataplane/distribute/burst.hh"

#include <algorithm>
#include <array>
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

Outcome outcome(InstructionSet set, const Spread &spread, bool measured, const Burst &burst) {
    const std::vector<const Packet *> pointers = burst.pointers();
    Outcome result;
    result.members.assign(burst.size(), 0xee); // names no member, and nothing else either
    Cursor cursor;
    cursor.buckets.fill(Outcome::kNoBucket);
    const SpreadFunction function = spread_by_hash(spread.policy, measured, set);
    result.slow = function(spread, cursor, pointers.data(), burst.size(), result.members.data());
    result.buckets.assign(burst.size(), Outcome::kNoBucket);
    for (size_t i = 0; measured && i < burst.size(); i++)
        if (result.members[i] != kSlowMember) result.buckets[i] = cursor.buckets[i];
    return result;
}

std::string difference(InstructionSet set, const Spread &spread, bool measured,
                       const Burst &burst) {
    const Outcome expected = outcome(InstructionSet::SCALAR, spread, measured, burst);
    const Outcome found = outcome(set, spread, measured, burst);
    for (size_t i = 0; i < burst.size(); i++) {
        if (found.members[i] == expected.members[i] && found.buckets[i] == expected.buckets[i])
            continue;
        return std::string(to_text(set)) + ": packet " + std::to_string(i) + " of " +
               std::to_string(burst.size()) + " goes to member " +
               std::to_string(found.members[i]) + " by bucket " + std::to_string(found.buckets[i]) +
               ", by the reference to " + std::to_string(expected.members[i]) + " by bucket " +
               std::to_string(expected.buckets[i]) + "; " + hex(burst[i].bytes());
    }
    if (found.slow == expected.slow) return {};
    return std::string(to_text(set)) + ": slow frames are " + (found.slow ? "" : "not ") +
           "announced, by the reference they are" + (expected.slow ? "" : " not");
}

} // namespace lagg::distribute
