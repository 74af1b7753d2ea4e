#include "dataplane/bpf/flow.hh"

#include <algorithm>

namespace lagg::bpf {

void fill(const frame::FlowKey &key, uint32_t length, lagg_flow &flow) {
    std::copy(key.destination_mac.begin(), key.destination_mac.end(), flow.destination_mac);
    std::copy(key.source_mac.begin(), key.source_mac.end(), flow.source_mac);
    flow.ethertype = key.ethertype;
    flow.ip_version = key.ip_version;
    flow.protocol = key.protocol;
    static_assert(sizeof flow.source_ip == sizeof key.source_ip);
    std::memcpy(flow.source_ip, key.source_ip.data(), sizeof flow.source_ip);
    std::memcpy(flow.destination_ip, key.destination_ip.data(), sizeof flow.destination_ip);
    flow.source_port = key.source_port;
    flow.destination_port = key.destination_port;
    flow.outer_vlan = key.outer_vlan;
    flow.inner_vlan = key.inner_vlan;
    flow.length = length;
    flow.has_ports = key.has_ports ? 1 : 0;
    std::fill(std::begin(flow.reserved1), std::end(flow.reserved1), uint8_t{0});
    flow.flow_label = key.flow_label;
    flow.spi = key.spi;
}

} // namespace lagg::bpf
