#include "tests/dataplane/frame/checks.hh"

namespace lagg::frame {
namespace {

template <typename T> bool whole_or_zero(const T &cut, const T &whole) {
    return cut == whole || cut == T{};
}

} // namespace

std::string describe(const FlowKey &key) {
    return "type " + std::to_string(key.ethertype) + " vlans " + std::to_string(key.outer_vlan) +
           "." + std::to_string(key.inner_vlan) + " ip " + std::to_string(key.ip_version) +
           " protocol " + std::to_string(key.protocol) + " ports " +
           std::to_string(key.source_port) + "," + std::to_string(key.destination_port) +
           (key.has_ports ? " (has)" : "") + " label " + std::to_string(key.flow_label) + " spi " +
           std::to_string(key.spi);
}

bool same_link(const FlowKey &a, const FlowKey &b) {
    return a.destination_mac == b.destination_mac && a.source_mac == b.source_mac &&
           a.outer_vlan == b.outer_vlan && a.inner_vlan == b.inner_vlan &&
           a.ethertype == b.ethertype;
}

bool same_ip(const FlowKey &a, const FlowKey &b) {
    FlowKey with_link_of_b = b;
    with_link_of_b.destination_mac = a.destination_mac;
    with_link_of_b.source_mac = a.source_mac;
    with_link_of_b.outer_vlan = a.outer_vlan;
    with_link_of_b.inner_vlan = a.inner_vlan;
    with_link_of_b.ethertype = a.ethertype;
    return a == with_link_of_b;
}

bool is_part_of(const FlowKey &cut, const FlowKey &whole) {
    return whole_or_zero(cut.destination_mac, whole.destination_mac) &&
           whole_or_zero(cut.source_mac, whole.source_mac) &&
           whole_or_zero(cut.outer_vlan, whole.outer_vlan) &&
           whole_or_zero(cut.inner_vlan, whole.inner_vlan) &&
           whole_or_zero(cut.ethertype, whole.ethertype) &&
           whole_or_zero(cut.ip_version, whole.ip_version) &&
           whole_or_zero(cut.protocol, whole.protocol) &&
           whole_or_zero(cut.source_ip, whole.source_ip) &&
           whole_or_zero(cut.destination_ip, whole.destination_ip) &&
           whole_or_zero(cut.source_port, whole.source_port) &&
           whole_or_zero(cut.destination_port, whole.destination_port) &&
           whole_or_zero(cut.has_ports, whole.has_ports) &&
           whole_or_zero(cut.flow_label, whole.flow_label) && whole_or_zero(cut.spi, whole.spi);
}

bool is_coherent(const FlowKey &key) {
    const bool ports = key.source_port != 0 || key.destination_port != 0;
    if (key.ip_version == 0) return same_ip(key, FlowKey{});
    if (key.ip_version != 4 && key.ip_version != 6) return false;
    if (key.ip_version == 4 && key.flow_label != 0) return false;
    return (key.has_ports || !ports) && key.flow_label <= 0xfffff && key.outer_vlan <= 0xfff &&
           key.inner_vlan <= 0xfff;
}

} // namespace lagg::frame
