#include "dataplane/bpf/rules.hh"

#include "dataplane/distribute/bucket_table.hh"

namespace lagg::bpf {

static_assert(distribute::kMaxMembers <= 32, "a member is a bit of `distributing`");

void members_by_rules(std::span<const Rule> rules, uint32_t distributing,
                      std::span<rte_mbuf *const> packets, uint8_t *members) {
    for (rte_mbuf *packet : packets) {
        const bool has_member = *members < distribute::kMaxMembers;
        for (const Rule &rule : rules) {
            if (!has_member) break;
            if ((distributing >> rule.member & 1) == 0 || !rule.filter->matches(packet)) continue;
            *members = rule.member;
            break;
        }
        members++;
    }
}

} // namespace lagg::bpf
