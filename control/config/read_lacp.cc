// The lacp table of a [[port]] and of a [[lagg]].
#include "control/config/schema.hh"

#include "control/config/values.hh"

namespace lagg::config {

namespace {

constexpr int64_t kMost16 = 65535;
constexpr int64_t kMostRestoreSeconds = 3600;
constexpr int64_t kMostFallbackSeconds = 900;
constexpr int64_t kMostChurnSeconds = 3600;

constexpr Choice<bool> kModes[] = {{"active", true}, {"passive", false}};
constexpr Choice<bool> kRates[] = {{"slow", false}, {"fast", true}};
constexpr Choice<bool> kMuxes[] = {{"independent", false}, {"coupled", true}};
constexpr Choice<Select> kSelects[] = {{"stable", Select::STABLE},
                                       {"bandwidth", Select::BANDWIDTH},
                                       {"count", Select::COUNT},
                                       {"partner_priority", Select::PARTNER_PRIORITY}};
constexpr Choice<Fallback> kFallbacks[] = {
    {"none", Fallback::NONE}, {"static", Fallback::STATIC}, {"individual", Fallback::INDIVIDUAL}};

/// Leaves `value` alone where the key is absent or wrong.
template <typename Number>
void read_number(TableReader &reader, std::string_view key, int64_t least, int64_t most,
                 Number &value) {
    if (const auto number = reader.integer(key, least, most)) value = static_cast<Number>(*number);
}

std::optional<uint16_t> read_optional16(TableReader &reader, std::string_view key, int64_t least) {
    const auto number = reader.integer(key, least, kMost16);
    if (!number) return std::nullopt;
    return static_cast<uint16_t>(*number);
}

void read_partner(TableReader &outer, PartnerAdmin &partner, Complaints &complaints) {
    const Node *table = outer.table("partner");
    if (!table) return;
    const std::string &owner = outer.called().owner;
    TableReader reader(*table, {"in 'lacp.partner' of " + owner, owner, "lacp.partner."},
                       complaints);
    read_number(reader, "system_priority", 0, kMost16, partner.system_priority);
    if (const auto system = read_mac(reader, "system")) partner.system = *system;
    read_number(reader, "key", 0, kMost16, partner.key);
    read_number(reader, "port_priority", 0, kMost16, partner.port_priority);
    read_number(reader, "port", 0, kMost16, partner.port);
    reader.reject_unknown();
}

void read_identity(TableReader &reader, Lacp &lacp) {
    read_number(reader, "system_priority", 0, kMost16, lacp.system_priority);
    lacp.system_mac = read_mac(reader, "system_mac");
    read_number(reader, "port_priority", 0, kMost16, lacp.port_priority);
    lacp.key = read_optional16(reader, "key", 1);
}

void read_choice_of_ports(TableReader &reader, PlacedLagg &placed) {
    Lacp &lacp = placed.lagg.lacp;
    if (const auto links = reader.integer("max_links", 0, kMaxPortsPerLagg)) {
        lacp.max_links = static_cast<uint16_t>(*links);
        placed.max_links = reader.find("max_links")->at;
    }
    lacp.revertive = reader.boolean("revertive").value_or(lacp.revertive);
    read_number(reader, "wait_to_restore", 0, kMostRestoreSeconds, lacp.wait_to_restore_seconds);
    lacp.select = reader.choice("select", kSelects).value_or(lacp.select);
    if (const auto fallback = reader.choice("fallback", kFallbacks)) {
        lacp.fallback = *fallback;
        placed.fallback = reader.find("fallback")->at;
    }
    read_number(reader, "fallback_timeout", 1, kMostFallbackSeconds, lacp.fallback_timeout_seconds);
}

} // namespace

std::optional<MacAddress> read_mac(TableReader &reader, std::string_view key) {
    const auto text = reader.text(key);
    if (!text) return std::nullopt;
    auto mac = parse_unicast_mac(text->text, reader.subject(key));
    if (mac) return *mac;
    reader.complain(text->at, mac.error().message);
    return std::nullopt;
}

void read_lacp(TableReader &outer, PortLacp &lacp, Complaints &complaints) {
    const Node *table = outer.table("lacp");
    if (!table) return;
    const std::string &owner = outer.called().owner;
    TableReader reader(*table, {"in 'lacp' of " + owner, owner, "lacp."}, complaints);
    lacp.priority = read_optional16(reader, "priority", 0);
    lacp.active = reader.choice("mode", kModes);
    lacp.fast = reader.choice("rate", kRates);
    lacp.key = read_optional16(reader, "key", 1);
    lacp.enabled = reader.boolean("enabled").value_or(lacp.enabled);
    lacp.drain = reader.boolean("drain").value_or(lacp.drain);
    lacp.individual = reader.boolean("individual").value_or(lacp.individual);
    reader.reject_unknown();
}

void read_lacp(TableReader &outer, PlacedLagg &placed, Complaints &complaints) {
    const Node *table = outer.table("lacp");
    if (!table) return;
    Lacp &lacp = placed.lagg.lacp;
    const std::string &owner = outer.called().owner;
    TableReader reader(*table, {"in 'lacp' of " + owner, owner, "lacp."}, complaints);
    lacp.active = reader.choice("mode", kModes).value_or(lacp.active);
    lacp.fast = reader.choice("rate", kRates).value_or(lacp.fast);
    lacp.strict = reader.boolean("strict").value_or(lacp.strict);
    read_identity(reader, lacp);
    lacp.coupled = reader.choice("mux", kMuxes).value_or(lacp.coupled);
    read_choice_of_ports(reader, placed);
    read_number(reader, "churn_time", 1, kMostChurnSeconds, lacp.churn_time_seconds);
    read_partner(reader, lacp.partner, complaints);
    reader.reject_unknown();
}

} // namespace lagg::config
