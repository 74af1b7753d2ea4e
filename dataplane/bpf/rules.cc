#include "dataplane/bpf/rules.hh"

#include "dataplane/distribute/spread.hh"

#include <rte_mbuf.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace lagg::bpf {

static_assert(distribute::kMaxMembers <= 32, "a member is a bit of `distributing`");

// Rule by rule, each for all packets that none before it took: a processor that goes through one
// filter again and again knows its way, which it does not when every packet meets all of them.
void members_by_rules(std::span<const Rule> rules, uint32_t distributing,
                      std::span<rte_mbuf *const> packets, uint8_t *members) {
    assert(packets.size() <= distribute::kMostPackets);
    uint16_t left[distribute::kMostPackets];
    size_t count = 0;
    for (size_t i = 0; i < packets.size(); i++)
        if (members[i] < distribute::kMaxMembers) left[count++] = static_cast<uint16_t>(i);
    for (const Rule &rule : rules) {
        if ((distributing >> rule.member & 1) == 0) continue;
        size_t kept = 0;
        for (size_t k = 0; k < count; k++) {
            const uint16_t i = left[k];
            const bool taken = rule.filter->matches(packets[i]);
            if (taken) members[i] = rule.member;
            left[kept] = i;
            kept += taken ? 0 : 1;
        }
        count = kept;
    }
}

const Rule *matching(std::span<const Rule> rules, std::span<const uint8_t> frame) {
    std::vector<uint8_t> octets(frame.begin(), frame.end());
    rte_mbuf packet{};
    packet.buf_addr = octets.data();
    packet.data_len = packet.buf_len = static_cast<uint16_t>(octets.size());
    packet.pkt_len = packet.data_len;
    packet.nb_segs = 1;
    const auto found = std::ranges::find_if(
        rules, [&](const Rule &rule) { return rule.filter->matches(&packet); });
    return found == rules.end() ? nullptr : &*found;
}

} // namespace lagg::bpf
