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

/// The batch that a plain loop gathers for each member.
struct Gathered {
    std::vector<std::vector<void *>> packets = std::vector<std::vector<void *>>(kMaxMembers);
    std::vector<uint32_t> octets = std::vector<uint32_t>(kMaxMembers);

    void add(size_t member, void *packet, uint16_t length) {
        packets[member].push_back(packet);
        octets[member] += length;
    }
    bool is_in(const Batches &batches) const {
        for (size_t m = 0; m < kMaxMembers; m++)
            if (batches.count[m] != packets[m].size() || batches.octets[m] != octets[m] ||
                !std::equal(packets[m].begin(), packets[m].end(), batches.packets[m]))
                return false;
        return true;
    }
};

/// Bucket b is member b % members'. Made once: that takes longer than all the rest.
struct Even {
    explicit Even(size_t of) : members(of) {
        for (size_t bucket = 0; bucket < kBuckets; bucket++)
            table.member[bucket] = static_cast<uint8_t>(bucket % members);
        rows = rows_of(table);
    }
    size_t members;
    BucketTable table;
    Rows rows;
};

/// One for each way to deal out.
std::span<const Even> even_tables() {
    static const std::vector<Even> tables{Even(3), Even(13), Even(32)};
    return tables;
}

/// Spreads some packets of a burst, at most kFullBatch, whose buckets are known.
std::string spread_difference(SpreadFunction function, const Spread &spread, const Even &even,
                              std::span<const Packet *const> packets,
                              std::span<const uint16_t> expected) {
    std::vector<void *> handles;
    std::vector<uint16_t> lengths;
    Gathered gathered;
    const bool slow = std::ranges::find(expected, kSlowBucket) != expected.end();
    for (size_t i = 0; i < packets.size(); i++) {
        // Not written to, and constant for all others.
        handles.push_back(const_cast<Packet *>(packets[i])); // NOLINT
        lengths.push_back(packets[i]->octets);
        if (!slow) gathered.add(even.table.member[expected[i]], handles[i], lengths[i]);
    }
    std::vector<uint16_t> buckets(packets.size());
    const auto batches = std::make_unique<Batches>();
    const bool dealt = function(spread, even.rows, handles.data(), lengths.data(), packets.size(),
                                buckets.data(), *batches);
    if (!std::ranges::equal(buckets, expected)) return "other buckets as it deals out";
    if (dealt == slow) return "deals out what has slow frames among it, or does not what has none";
    if (!gathered.is_in(*batches)) return "batches are not what a plain loop gathers";
    return {};
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

namespace {

/// For each way to deal out: by the number of members.
std::string spread_difference(InstructionSet set, const Spread &spread, const Burst &burst,
                              const std::vector<uint16_t> &expected) {
    const std::vector<const Packet *> packets = burst.pointers();
    for (const Even &even : even_tables()) {
        const SpreadFunction function = spread_function(spread.policy, even.members, set);
        if (function == nullptr) continue;
        for (size_t done = 0; done < packets.size(); done += kFullBatch) {
            const size_t some = std::min(kFullBatch, packets.size() - done);
            const std::string found =
                spread_difference(function, spread, even, {packets.data() + done, some},
                                  std::span(expected).subspan(done, some));
            if (!found.empty()) return std::string(to_text(set)) + ": " + found;
        }
    }
    return {};
}

std::string hash_difference(InstructionSet set, const Spread &spread, const Burst &burst) {
    const std::vector<const Packet *> packets = burst.pointers();
    std::vector<uint32_t> expected(burst.size()), found(burst.size());
    hash_function(spread.policy, InstructionSet::SCALAR)(spread, packets.data(), packets.size(),
                                                         expected.data());
    hash_function(spread.policy, set)(spread, packets.data(), packets.size(), found.data());
    const auto other = std::ranges::mismatch(found, expected).in1;
    if (other == found.end()) return {};
    const auto i = static_cast<size_t>(other - found.begin());
    return std::string(to_text(set)) + ": packet " + std::to_string(i) + " has another hash; " +
           hex(burst[i].bytes());
}

} // namespace

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
    if (found.slow == expected.slow) {
        const std::string other = hash_difference(set, spread, burst);
        return other.empty() ? spread_difference(set, spread, burst, expected.buckets) : other;
    }
    return std::string(to_text(set)) + ": slow frames are " + (found.slow ? "" : "not ") +
           "announced, by the reference they are" + (expected.slow ? "" : " not");
}

} // namespace lagg::distribute
