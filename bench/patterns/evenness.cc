#include "bench/patterns/evenness.hh"

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/flow_hash.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

namespace lagg::bench {

namespace {

using frame::FlowKey;
using namespace distribute;

/// The key with nothing in it but what the fields name.
FlowKey only(const FlowKey &key, Fields fields) {
    FlowKey left;
    if ((fields & kSourceMac) != 0) left.source_mac = key.source_mac;
    if ((fields & kDestinationMac) != 0) left.destination_mac = key.destination_mac;
    if ((fields & kVlan) != 0) left.outer_vlan = key.outer_vlan;
    if ((fields & kInnerVlan) != 0) left.inner_vlan = key.inner_vlan;
    if ((fields & kEthertype) != 0) left.ethertype = key.ethertype;
    if ((fields & kSourceIp) != 0) left.source_ip = key.source_ip;
    if ((fields & kDestinationIp) != 0) left.destination_ip = key.destination_ip;
    if ((fields & kFlowLabel) != 0) left.flow_label = key.flow_label;
    if ((fields & kProtocol) != 0) left.protocol = key.protocol;
    if ((fields & kSourcePort) != 0) left.source_port = key.source_port;
    if ((fields & kDestinationPort) != 0) left.destination_port = key.destination_port;
    if ((fields & kSpi) != 0) left.spi = key.spi;
    return left;
}

/// In an order in which both directions are one.
using Identity = std::vector<uint8_t>;

Identity written(const FlowKey &key) {
    Identity out;
    const auto append = [&](const auto &octets) {
        out.insert(out.end(), octets.begin(), octets.end());
    };
    append(key.source_mac);
    append(key.destination_mac);
    append(key.source_ip);
    append(key.destination_ip);
    for (const uint32_t value :
         {uint32_t{key.outer_vlan}, uint32_t{key.inner_vlan}, uint32_t{key.ethertype},
          uint32_t{key.protocol}, uint32_t{key.source_port}, uint32_t{key.destination_port},
          key.flow_label, key.spi})
        for (int shift = 24; shift >= 0; shift -= 8)
            out.push_back(static_cast<uint8_t>(value >> shift));
    return out;
}

FlowKey turned(FlowKey key) {
    std::swap(key.source_mac, key.destination_mac);
    std::swap(key.source_ip, key.destination_ip);
    std::swap(key.source_port, key.destination_port);
    return key;
}

Identity identity(const FlowKey &key, const Policy &policy) {
    // Frames that are not IP are told apart by their MACs, VLANs and ethertype.
    const bool ip = key.ip_version != 0;
    const FlowKey left = only(key, ip ? effective_fields(policy) : kLayer2 | kEthertype);
    const Identity forth = written(left);
    return policy.symmetric ? std::min(forth, written(turned(left))) : forth;
}

/// Pareto's law with the exponent 1.3, between 1 kB and 10 MB; by the flow's number alone.
std::vector<double> octets_of_flows(size_t flows) {
    std::mt19937 random(4096);
    std::vector<double> octets(flows);
    for (double &size : octets) {
        const double uniform = (random() + 1.0) / 4294967296.0;
        size = std::min(1e3 * std::pow(uniform, -1 / 1.3), 1e7);
    }
    return octets;
}

double greatest_in_terms_of_mean(const std::vector<double> &loads) {
    const double total = std::accumulate(loads.begin(), loads.end(), 0.0);
    const double mean = total / static_cast<double>(loads.size());
    return *std::max_element(loads.begin(), loads.end()) / mean;
}

} // namespace

Numbers flow_numbers(const Frames &frames, const Policy &policy) {
    std::map<Identity, uint32_t> known;
    Numbers numbers;
    for (const auto &frame : frames) {
        const auto next = static_cast<uint32_t>(known.size());
        numbers.push_back(
            known.emplace(identity(key_of(frame, policy), policy), next).first->second);
    }
    return numbers;
}

unsigned distinct(const Numbers &numbers) {
    return static_cast<unsigned>(std::set(numbers.begin(), numbers.end()).size());
}

Numbers by_laggd(const Frames &frames, const Policy &policy, unsigned members) {
    const std::vector<uint32_t> weights(members, 1);
    const BucketTable table = build(BucketTable::empty(), weights);
    const FlowHash hash(policy);
    Numbers result;
    for (const auto &frame : frames)
        result.push_back(table.lookup(hash(key_of(frame, policy))));
    return result;
}

Numbers by_chance(const Numbers &numbers, unsigned members) {
    std::mt19937 random(members);
    Numbers lots(numbers.size());
    for (uint32_t &lot : lots)
        lot = static_cast<uint32_t>(random() % members);
    Numbers result;
    for (const uint32_t number : numbers)
        result.push_back(lots[number]);
    return result;
}

Evenness evenness(std::span<const uint32_t> member_of, unsigned members) {
    static const std::vector<double> kOctets = octets_of_flows(kFlows);
    std::vector<double> flows(members), octets(members);
    for (size_t i = 0; i < member_of.size(); i++) {
        flows[member_of[i]] += 1;
        octets[member_of[i]] += kOctets[i % kFlows];
    }
    return {greatest_in_terms_of_mean(flows), greatest_in_terms_of_mean(octets)};
}

} // namespace lagg::bench
