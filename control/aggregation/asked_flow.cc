#include "control/aggregation/asked_flow.hh"

#include "dataplane/base/mac_address.hh"
#include "dataplane/base/wording.hh"
#include "dataplane/frame/layers.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace lagg::aggregation {

namespace {

using Text = std::optional<std::string>;

constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeIpv6 = 0x86dd;
/// Headers of MPLS and PPPoE, in which IP may be.
constexpr uint16_t kTunnelTypes[] = {0x8847, 0x8848, 0x8864};
constexpr uint16_t kSmallestEthertype = 1536;
constexpr uint32_t kMostVlan = 4095; // reserved, and hashed like any other
constexpr uint32_t kMostFlowLabel = 0xfffff;

struct NamedProtocol {
    const char *name;
    uint8_t number;
};
constexpr NamedProtocol kProtocolNames[] = {
    {"icmp", 1},    {"tcp", frame::kTcp},        {"udp", frame::kUdp},
    {"gre", 47},    {"esp", frame::kEncryption}, {"ah", frame::kAuthentication},
    {"icmpv6", 58}, {"sctp", frame::kSctp}};

bool has_ports(uint8_t protocol) {
    return protocol == frame::kTcp || protocol == frame::kUdp || protocol == frame::kSctp;
}

std::optional<uint32_t> number_in(const std::string &text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    const char *begin = text.data() + (hex ? 2 : 0);
    const char *end = text.data() + text.size();
    uint32_t value = 0;
    const auto [stop, problem] = std::from_chars(begin, end, value, hex ? 16 : 10);
    if (problem != std::errc() || stop != end) return std::nullopt;
    return value;
}

/// Reads one part of the question after the other; keeps the first mistake.
class Reader {
  public:
    template <typename Number>
    void number(const char *what, const Text &text, uint32_t most, Number &into) {
        if (!text) return;
        const auto value = number_in(*text);
        if (value && *value <= most) {
            into = static_cast<Number>(*value);
        } else {
            complain(what, *text, "a number from 0 to " + std::to_string(most));
        }
    }
    void mac(const char *what, const Text &text, MacAddress &into) {
        if (!text) return;
        if (const auto address = parse_mac_address(*text)) {
            into = *address;
        } else {
            complain(what, *text, "a MAC address such as 02:00:5e:10:00:01");
        }
    }
    /// 4 or 6, the version of the address; 0 where there is none.
    uint8_t address(const char *what, const Text &text, std::array<uint8_t, 16> &into) {
        if (!text) return 0;
        const bool whole = text->find('\0') == std::string::npos;
        if (whole && inet_pton(AF_INET, text->c_str(), into.data()) == 1) return 4;
        if (whole && inet_pton(AF_INET6, text->c_str(), into.data()) == 1) return 6;
        complain(what, *text, "an IP address such as 192.0.2.1 or 2001:db8::1");
        return 0;
    }
    void protocol(const Text &text, uint8_t &into) {
        if (!text) return;
        const std::string name = lower_case(*text);
        const auto *known =
            std::ranges::find(kProtocolNames, name, [](const auto &each) { return each.name; });
        if (known != std::end(kProtocolNames)) {
            into = known->number;
        } else if (const auto value = number_in(name); value && *value <= 255) {
            into = static_cast<uint8_t>(*value);
        } else {
            complain("proto", *text, "tcp, udp, sctp, icmp, icmpv6, esp, ah, gre or 0 to 255");
        }
    }
    /// False where nothing is said.
    bool yes(const char *what, const Text &text) {
        const std::string word = text ? lower_case(*text) : "no";
        if (word != "yes" && word != "no") complain(what, *text, "yes or no");
        return word == "yes";
    }
    /// Complains unless `holds`.
    void require(bool holds, const std::string &sentence) {
        if (!holds && !mistake_) mistake_ = Error{sentence};
    }
    const std::optional<Error> &mistake() const { return mistake_; }

  private:
    void complain(const std::string &what, const std::string &value, const std::string &wanted) {
        require(false, "'" + what + "' is " + in_quotes(value) + "; it must be " + wanted);
    }
    std::optional<Error> mistake_;
};

void read_link(const api::FlowQuestion &question, Reader &reader, frame::FlowKey &key) {
    reader.mac("smac", question.smac, key.source_mac);
    reader.mac("dmac", question.dmac, key.destination_mac);
    reader.number("vlan", question.vlan, kMostVlan, key.outer_vlan);
    reader.number("inner_vlan", question.inner_vlan, kMostVlan, key.inner_vlan);
    reader.number("ethertype", question.ethertype, 0xffff, key.ethertype);
    if (key.ethertype < kSmallestEthertype) key.ethertype = 0; // a length, as a worker sees it
    reader.require(!question.inner_vlan || question.vlan,
                   "'inner_vlan' needs 'vlan': it is the tag behind that one");
}

bool may_carry_ip(uint16_t type) {
    return type == kTypeIpv4 || type == kTypeIpv6 ||
           std::ranges::find(kTunnelTypes, type) != std::end(kTunnelTypes);
}

void read_addresses(const api::FlowQuestion &question, Reader &reader, frame::FlowKey &key) {
    reader.require(question.src.has_value() == question.dst.has_value(),
                   std::string("'") + (question.src ? "src" : "dst") + "' is there without '" +
                       (question.src ? "dst" : "src") + "'; give both, or none for what is not IP");
    key.ip_version = reader.address("src", question.src, key.source_ip);
    const uint8_t other = reader.address("dst", question.dst, key.destination_ip);
    reader.require(key.ip_version == other,
                   "'src' and 'dst' are addresses of different versions of IP");
    if (key.ip_version == 0) return;
    if (!question.ethertype) key.ethertype = key.ip_version == 4 ? kTypeIpv4 : kTypeIpv6;
    reader.require(may_carry_ip(key.ethertype),
                   "'ethertype' is that of another protocol than the addresses; leave it out");
}

void read_transport(const api::FlowQuestion &question, Reader &reader, frame::FlowKey &key) {
    const bool ports = question.sport || question.dport;
    const bool fragment = reader.yes("fragment", question.fragment);
    if (ports || question.spi) key.protocol = ports ? frame::kTcp : frame::kEncryption;
    reader.protocol(question.proto, key.protocol);
    reader.number("sport", question.sport, 0xffff, key.source_port);
    reader.number("dport", question.dport, 0xffff, key.destination_port);
    reader.number("flow_label", question.flow_label, kMostFlowLabel, key.flow_label);
    reader.number("spi", question.spi, 0xffffffff, key.spi);
    key.has_ports = ports;
    const std::string number = std::to_string(key.protocol);
    reader.require(!ports || has_ports(key.protocol),
                   "protocol " + number + " has no ports; leave 'sport' and 'dport' out");
    reader.require(!fragment || (!ports && !question.spi),
                   "a fragment has neither ports nor an SPI that every fragment has; leave "
                   "'sport', 'dport' and 'spi' out");
    reader.require(!question.proto || fragment ||
                       !frame::is_extension(key.protocol, key.ip_version),
                   "protocol " + number +
                       " is that of a header which is walked over; name in "
                       "'proto' what stands behind it" +
                       (key.protocol == frame::kAuthentication ? ", and AH's SPI in 'spi'" : "") +
                       ", or say 'fragment'");
    reader.require(!question.flow_label || key.ip_version == 6,
                   "'flow_label' goes with addresses of IPv6 only");
}

/// Without addresses the frame is not IP, and its type is all that is known of its content.
void check_other(const api::FlowQuestion &question, Reader &reader, const frame::FlowKey &key) {
    if (key.ip_version != 0) return;
    reader.require(!question.proto && !question.sport && !question.dport && !question.flow_label &&
                       !question.spi && !question.fragment,
                   "'proto', 'sport', 'dport', 'flow_label', 'spi' and 'fragment' need 'src' and "
                   "'dst'");
    reader.require(question.ethertype.has_value(),
                   "say which flow: 'src' and 'dst', or 'ethertype' for what is not IP");
    reader.require(key.ethertype != kTypeIpv4 && key.ethertype != kTypeIpv6,
                   "a flow of IP has 'src' and 'dst'");
}

} // namespace

Result<frame::FlowKey> asked_flow(const api::FlowQuestion &question) {
    Reader reader;
    frame::FlowKey key;
    read_link(question, reader, key);
    read_addresses(question, reader, key);
    if (!reader.mistake()) check_other(question, reader, key);
    read_transport(question, reader, key);
    if (reader.mistake()) return *reader.mistake();
    return key;
}

} // namespace lagg::aggregation
