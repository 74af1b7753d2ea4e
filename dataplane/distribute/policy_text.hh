// Policies by name, as an operator writes and reads them: the shorthands of Linux bonding and
// lagg(4), and lists of single fields where no shorthand fits.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/distribute/policy.hh"

#include <span>
#include <string>
#include <string_view>

namespace lagg::distribute {

/// Reads words joined by '+' or ',', in any case, spaces around them allowed:
///   layer2 layer3 layer4 (l2 l3 l4)   the fields of kLayer2, kLayer3, kLayer4
///   encap2 encap3 encap4              the same, of the innermost packet of a tunnel (`inner`)
///   2 3 4                             behind one of these, another layer: layer2+3, encap3+4
///   srcmac dstmac mac vlan innervlan ethertype srcip dstip ip flowlabel proto srcport dstport port
///   spi                               single fields, and pairs of source and destination
///   nic (rss)                         the NIC's hash; the other words hold for frames without one,
///                                     layer3+4 where there are none
///   inner symmetric                   how the fields are taken
/// The seed stays 0. The error is a whole sentence with what was probably meant.
Result<Policy> parse_policy(std::string_view text);

/// The canonical name, which parse_policy() reads back; the seed is no part of it. At least one
/// field must be set.
std::string policy_text(const Policy &policy);

/// Words for single fields, blanks between them: "ip proto port".
std::string fields_text(Fields fields);

struct NamedPolicy {
    const char *name;
    Policy policy;
};
/// The shorthands that need no NIC, each under its canonical name.
std::span<const NamedPolicy> named_policies();

} // namespace lagg::distribute
