// Frames that a filter sends to one member, whatever their hash.
#pragma once

#include "dataplane/bpf/filter.hh"

#include <cstdint>
#include <memory>
#include <span>

struct rte_mbuf;

namespace lagg::bpf {

struct Rule {
    std::shared_ptr<const Filter> filter;
    uint8_t member; ///< below distribute::kMaxMembers
    bool operator==(const Rule &) const = default;
};

/// Runs after the hash has filled members[0..packets.size()), and replaces what rules say. Rules
/// whose member does not distribute (`distributing`: bit m for member m) are passed over; of the
/// others the first that matches decides, so that a second rule with the same filter is where the
/// frames go when the first one's port is gone. Frames without a member (kNoMember, kHeldMember,
/// kSlowMember) keep what they have.
void members_by_rules(std::span<const Rule> rules, uint32_t distributing,
                      std::span<rte_mbuf *const> packets, uint8_t *members);

/// The first rule that one frame, which is copied, matches; nullptr for none. Asks every rule, as
/// if all members distributed. Not for a worker.
const Rule *matching(std::span<const Rule> rules, std::span<const uint8_t> frame);

} // namespace lagg::bpf
