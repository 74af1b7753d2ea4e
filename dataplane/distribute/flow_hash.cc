#include "dataplane/distribute/flow_hash.hh"

#include "dataplane/distribute/aes_round.hh"
#include "dataplane/distribute/shape.hh"

#include <algorithm>
#include <cstring>

namespace lagg::distribute {

namespace {

constexpr size_t kLinkSourceMac = 6;
constexpr size_t kLinkVlan = 12;
constexpr size_t kLinkInnerVlan = 14;
constexpr size_t kFlowProtocol = 1;
constexpr size_t kFlowEthertype = 2;
constexpr size_t kFlowSource = 4;
constexpr size_t kFlowDestination = 8;
constexpr size_t kFlowSourcePort = 12;
constexpr size_t kFlowDestinationPort = 14;
constexpr size_t kExtraSpi = 4;

void store16(Block &block, size_t at, uint16_t value) {
    block[at] = static_cast<uint8_t>(value >> 8);
    block[at + 1] = static_cast<uint8_t>(value);
}

void store32(Block &block, size_t at, uint32_t value) {
    store16(block, at, static_cast<uint16_t>(value >> 16));
    store16(block, at + 2, static_cast<uint16_t>(value));
}

void mark(Block &mask, bool wanted, size_t at, size_t length) {
    if (wanted) std::fill_n(mask.begin() + static_cast<ptrdiff_t>(at), length, uint8_t{0xff});
}

Block link_mask(Fields fields) {
    Block mask{};
    mark(mask, (fields & kDestinationMac) != 0, 0, 6);
    mark(mask, (fields & kSourceMac) != 0, kLinkSourceMac, 6);
    mark(mask, (fields & kVlan) != 0, kLinkVlan, 2);
    mark(mask, (fields & kInnerVlan) != 0, kLinkInnerVlan, 2);
    return mask;
}

Block flow_mask(Fields fields) {
    Block mask{};
    mark(mask, (fields & kProtocol) != 0, kFlowProtocol, 1);
    mark(mask, (fields & kEthertype) != 0, kFlowEthertype, 2);
    mark(mask, (fields & kSourceIp) != 0, kFlowSource, 4);
    mark(mask, (fields & kDestinationIp) != 0, kFlowDestination, 4);
    mark(mask, (fields & kSourcePort) != 0, kFlowSourcePort, 2);
    mark(mask, (fields & kDestinationPort) != 0, kFlowDestinationPort, 2);
    return mask;
}

/// Numbers without structure for each seed (the step of SplitMix64, Steele and others 2014).
class Keys {
  public:
    explicit Keys(uint32_t seed) : state_(seed) {}
    Block next() {
        Block block;
        const uint64_t halves[2] = {number(), number()};
        for (size_t i = 0; i < block.size(); i++)
            block[i] = static_cast<uint8_t>(halves[i / 8] >> i % 8 * 8);
        return block;
    }

  private:
    uint64_t number() {
        uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    uint64_t state_;
};

/// The blocks of the opposite direction.
Blocks reversed(const Blocks &blocks) {
    Blocks turned = blocks;
    std::swap_ranges(turned.link.begin(), turned.link.begin() + 6, turned.link.begin() + 6);
    std::swap(turned.source, turned.destination);
    std::swap_ranges(turned.flow.begin() + kFlowSource, turned.flow.begin() + kFlowDestination,
                     turned.flow.begin() + kFlowDestination);
    std::swap_ranges(turned.flow.begin() + kFlowSourcePort,
                     turned.flow.begin() + kFlowDestinationPort,
                     turned.flow.begin() + kFlowDestinationPort);
    return turned;
}

Block masked(const Block &block, const Block &mask) {
    Block result;
    for (size_t i = 0; i < result.size(); i++)
        result[i] = block[i] & mask[i];
    return result;
}

bool is_zero(const Block &block) {
    return std::all_of(block.begin(), block.end(), [](uint8_t octet) { return octet == 0; });
}

Block taken_in(const FlowHash &hash, const Block &state, const Block &block) {
    Block sum;
    for (size_t i = 0; i < sum.size(); i++)
        sum[i] = state[i] ^ block[i];
    return aes_round(sum, hash.round);
}

Block state_after(const FlowHash &hash, const Blocks &blocks, uint8_t ip_version) {
    const bool ip = ip_version != 0;
    Block state = hash.start;
    if (!ip || hash.uses_link)
        state = taken_in(hash, state, masked(blocks.link, ip ? hash.link : hash.other_link));
    if (ip_version == 6 && hash.uses_addresses) {
        state = taken_in(hash, state, masked(blocks.source, hash.source));
        state = taken_in(hash, state, masked(blocks.destination, hash.destination));
    }
    if (hash.uses_flow)
        state = taken_in(hash, state, masked(blocks.flow, ip ? hash.flow : hash.other_flow));
    const Block extra = masked(blocks.extra, hash.extra);
    if (ip && hash.uses_extra && !is_zero(extra)) state = taken_in(hash, state, extra);
    return state;
}

uint64_t load64(const uint8_t *at) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

/// Adds two states, 64 bits at a time: the sum does not tell which direction was which, and unlike
/// an exclusive or it does not vanish where both are the same.
Block added(const Block &a, const Block &b) {
    Block sum;
    for (size_t half = 0; half < 16; half += 8) {
        const uint64_t value = load64(&a[half]) + load64(&b[half]);
        for (size_t i = 0; i < 8; i++)
            sum[half + i] = static_cast<uint8_t>(value >> i * 8);
    }
    return sum;
}

} // namespace

Blocks blocks_of(const frame::FlowKey &key) {
    Blocks blocks;
    std::copy(key.destination_mac.begin(), key.destination_mac.end(), blocks.link.begin());
    std::copy(key.source_mac.begin(), key.source_mac.end(), blocks.link.begin() + kLinkSourceMac);
    store16(blocks.link, kLinkVlan, key.outer_vlan);
    store16(blocks.link, kLinkInnerVlan, key.inner_vlan);
    blocks.flow[kFlowProtocol] = key.protocol;
    store16(blocks.flow, kFlowEthertype, key.ethertype);
    if (key.ip_version == 4) {
        std::copy_n(key.source_ip.begin(), 4, blocks.flow.begin() + kFlowSource);
        std::copy_n(key.destination_ip.begin(), 4, blocks.flow.begin() + kFlowDestination);
    } else if (key.ip_version == 6) {
        blocks.source = key.source_ip;
        blocks.destination = key.destination_ip;
    }
    store16(blocks.flow, kFlowSourcePort, key.source_port);
    store16(blocks.flow, kFlowDestinationPort, key.destination_port);
    store32(blocks.extra, 0, key.flow_label);
    store32(blocks.extra, kExtraSpi, key.spi);
    return blocks;
}

FlowHash::FlowHash(const Policy &policy) {
    Keys keys(policy.seed);
    start = keys.next();
    round = keys.next();
    finish = {keys.next(), keys.next()};
    const Fields fields = effective_fields(policy);
    link = link_mask(fields);
    flow = flow_mask(fields);
    mark(source, (fields & kSourceIp) != 0, 0, 16);
    mark(destination, (fields & kDestinationIp) != 0, 0, 16);
    mark(extra, (fields & kFlowLabel) != 0, 0, 4);
    mark(extra, (fields & kSpi) != 0, kExtraSpi, 4);
    uses_link = (fields & kLayer2) != 0;
    uses_flow = (fields & ~kLayer2) != 0;
    // A policy that chose among MACs and VLANs means it, for frames that are not IP as well.
    const bool chosen = uses_link && (fields & kLayer2) != kLayer2;
    const Fields others = chosen || !uses_flow ? fields : kLayer2 | kEthertype;
    other_link = link_mask(others);
    other_link_untagged = link_mask(others & ~Fields{kVlan | kInnerVlan});
    other_flow = flow_mask(others & kEthertype);
    uses_addresses = (fields & (kSourceIp | kDestinationIp)) != 0;
    uses_extra = (fields & (kFlowLabel | kSpi)) != 0;
    uses_label = (fields & kFlowLabel) != 0;
    symmetric = policy.symmetric;
    inner = policy.inner;
    prepare_shapes(fields);
}

void FlowHash::prepare_shapes(Fields fields) {
    link_untagged = link_mask(fields & ~Fields{kVlan | kInnerVlan});
    link_tagged = link_mask(fields & ~Fields{kInnerVlan});
    link_tagged[kLinkVlan] &= 0x0f;
    link_two_tags = link_mask(fields);
    link_two_tags[kLinkVlan] &= 0x0f;
    link_two_tags[kLinkInnerVlan] &= 0x0f;
    flow_ipv4 = flow_mask(fields & ~Fields{kEthertype});
    flow_portless = flow_mask(fields & ~Fields{kEthertype | kSourcePort | kDestinationPort});
    flow_protocol = flow_mask(fields & kProtocol);
    const uint8_t second = inner ? shape::kTcp : shape::kUdp;
    udp_ipv4 = shape::ipv4(second);
    udp_vlan = shape::vlan(second);
    udp_ipv6 = shape::ipv6(second);
    udp_vlan_ipv6 = shape::vlan_ipv6(second);
    flow_ports = flow_mask(fields & (kSourcePort | kDestinationPort));
    if ((fields & kEthertype) == 0) return;
    store16(type_ipv4, kFlowEthertype, 0x0800);
    store16(type_ipv6, kFlowEthertype, 0x86dd);
}

uint32_t FlowHash::operator()(const frame::FlowKey &key) const {
    const Blocks blocks = blocks_of(key);
    Block state = state_after(*this, blocks, key.ip_version);
    if (symmetric) state = added(state, state_after(*this, reversed(blocks), key.ip_version));
    state = aes_round(aes_round(state, finish[0]), finish[1]);
    return static_cast<uint32_t>(load64(state.data()));
}

uint32_t flow_hash(const frame::FlowKey &key, const Policy &policy) {
    return FlowHash(policy)(key);
}

frame::FlowKey key_of(std::span<const uint8_t> frame, const Policy &policy) {
    return policy.inner ? frame::parse_inner(frame) : frame::parse(frame);
}

} // namespace lagg::distribute
