// The lacp tables of a [[port]] and of a [[lagg]].
#include "control/config/keys.hh"

#include "control/config/key_values.hh"

namespace lagg::config {

namespace {

constexpr Range kAny16{0, 65535};
constexpr Range kNumbered16{1, 65535};

Key<PartnerAdmin> partner_system_key() {
    return {row_of("system", mac_form(),
                   {.cost = Cost::RENEGOTIATES,
                    .sentence = "The system identifier's address that is assumed",
                    .absent = "00:00:00:00:00:00",
                    .example = "02:00:5e:10:00:03"}),
            [](TableReader &reader, PartnerAdmin &partner) {
                if (const auto system = read_mac(reader, "system")) partner.system = *system;
            },
            [](const PartnerAdmin &partner) -> std::optional<Node> {
                if (partner.system == MacAddress{}) return std::nullopt;
                return node_of(lagg::to_string(partner.system));
            }};
}

} // namespace

const Keys<PortLacp> &port_lacp_keys() {
    static const Keys<PortLacp> keys = {
        number("priority", &PortLacp::priority, kAny16,
               {.cost = Cost::RENEGOTIATES,
                .sentence = "Which ports are used when not all can be; lower is better",
                .absent = "'lacp.port_priority' of the lagg"}),
        word("mode", &PortLacp::active, kModes,
             {.sentence = "Whether LACPDUs are sent unasked, or only to an active partner",
              .absent = "'lacp.mode' of the lagg"}),
        word("rate", &PortLacp::fast, kRates,
             {.sentence = "How often the partner is asked to send",
              .absent = "'lacp.rate' of the lagg"}),
        number("key", &PortLacp::key, kNumbered16,
               {.cost = Cost::RENEGOTIATES,
                .sentence = "Ports with different keys do not carry traffic together",
                .absent = "'lacp.key' of the lagg"}),
        boolean("enabled", &PortLacp::enabled,
                {.cost = Cost::RENEGOTIATES,
                 .sentence = "Whether the port speaks LACP; without, it carries no traffic"}),
        boolean(
            "drain", &PortLacp::drain,
            {.cost = Cost::RENEGOTIATES,
             .sentence = "Whether the port moves its flows to the others and goes out of sync"}),
        boolean("individual", &PortLacp::individual,
                {.cost = Cost::RENEGOTIATES,
                 .sentence = "Whether the port never carries traffic together with another one"}),
    };
    return keys;
}

const Keys<PartnerAdmin> &partner_keys() {
    static const Keys<PartnerAdmin> keys = {
        number("system_priority", &PartnerAdmin::system_priority, kAny16,
               {.cost = Cost::RENEGOTIATES, .sentence = "The system priority that is assumed"}),
        partner_system_key(),
        number("key", &PartnerAdmin::key, kAny16,
               {.cost = Cost::RENEGOTIATES, .sentence = "The key that is assumed"}),
        number("port_priority", &PartnerAdmin::port_priority, kAny16,
               {.cost = Cost::RENEGOTIATES, .sentence = "The port priority that is assumed"}),
        number("port", &PartnerAdmin::port, kAny16,
               {.cost = Cost::RENEGOTIATES, .sentence = "The port number that is assumed"}),
    };
    return keys;
}

const Keys<Lacp> &lacp_keys() {
    static const Keys<Lacp> keys = {
        word("mode", &Lacp::active, kModes,
             {.sentence = "Whether LACPDUs are sent unasked, or only to an active partner"}),
        word("rate", &Lacp::fast, kRates,
             {.sentence = "Whether the partner is asked for an LACPDU every 30 seconds or every "
                          "second"}),
        boolean("strict", &Lacp::strict,
                {.cost = Cost::RENEGOTIATES,
                 .sentence = "Whether ports wait for a partner before they carry traffic"}),
        number("system_priority", &Lacp::system_priority, kAny16,
               {.cost = Cost::RENEGOTIATES,
                .sentence = "The system with the lower one decides which ports are used"}),
        mac("system_mac", &Lacp::system_mac,
            {.cost = Cost::RENEGOTIATES,
             .sentence = "The address in the system identifier",
             .absent = "the MAC address of the lagg",
             .example = "02:00:5e:10:00:01"}),
        number("port_priority", &Lacp::port_priority, kAny16,
               {.cost = Cost::RENEGOTIATES,
                .sentence = "Priority of the ports that have none of their own; lower is better"}),
        number("key", &Lacp::key, kNumbered16,
               {.cost = Cost::RENEGOTIATES,
                .sentence = "The administrative key",
                .absent = "the number of the lagg plus one"}),
        word("mux", &Lacp::coupled, kMuxes,
             {.cost = Cost::RENEGOTIATES,
              .sentence = "Whether collecting and distributing begin one after the other, or "
                          "together"}),
        number("max_links", &Lacp::max_links, {0, kMaxPortsPerLagg},
               {.cost = Cost::RENEGOTIATES,
                .sentence = "Most ports in use at a time, while the others stand by; 0 means no "
                            "limit"}),
        boolean("revertive", &Lacp::revertive,
                {.sentence = "Whether a port with a better priority takes its place back as soon "
                             "as it works again"}),
        number("wait_to_restore", &Lacp::wait_to_restore_seconds, {0, 3600},
               {.sentence = "How long a port that failed must have worked again before it is used",
                .unit = "s"}),
        word("select", &Lacp::select, kSelects,
             {.cost = Cost::RENEGOTIATES,
              .sentence = "Which partner gets the traffic when the ports lead to several"}),
        word("fallback", &Lacp::fallback, kFallbacks,
             {.cost = Cost::RENEGOTIATES,
              .sentence = "What happens while no partner speaks on any port"}),
        number(
            "fallback_timeout", &Lacp::fallback_timeout_seconds, {1, 900},
            {.sentence = "Silence on all ports before 'fallback' comes into force", .unit = "s"}),
        number("churn_time", &Lacp::churn_time_seconds, {1, 3600},
               {.sentence = "How long a port may be out of sync before it is reported as churning",
                .unit = "s"}),
        table("partner", &Lacp::partner, partner_keys(),
              {.sentence = "Who is assumed at the other end while a partner is silent"}),
    };
    return keys;
}

} // namespace lagg::config
