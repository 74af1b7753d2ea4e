// [[lagg]].
#include "control/config/schema.hh"

#include "control/config/values.hh"
#include "dataplane/base/words.hh"

#include <algorithm>

namespace lagg::config {

namespace {

constexpr int64_t kMostStride = 1000000;
/// The kernel's IFALIASZ is 256 with the NUL at the end.
constexpr size_t kLongestDescription = 255;

void read_name(TableReader &reader, PlacedLagg &placed) {
    const auto name = reader.text("name");
    if (!name) {
        if (!reader.find("name")) {
            reader.complain(reader.at(),
                            "this [[lagg]] has no 'name'; give it one, such as name = \"lagg0\"");
        }
        return;
    }
    placed.lagg.name = name->text;
    placed.name = name->at;
    if (!is_lagg_name(name->text)) {
        reader.complain(name->at,
                        "lagg name " + in_quotes(name->text) +
                            " is not valid; it is \"lagg\" and a number from 0 to 4095, " +
                            "such as \"lagg0\"");
    }
}

void read_description(TableReader &reader, std::string &description) {
    const auto text = reader.text("description");
    if (!text) return;
    if (!shows_as_written(text->text)) {
        reader.complain(text->at,
                        reader.subject("description") + " is " + in_quotes(text->text) +
                            "; it must be one line, without control characters and without "
                            "marks that turn the direction of writing");
    } else if (text->text.size() > kLongestDescription) {
        reader.complain(text->at, reader.subject("description") + " has " +
                                      std::to_string(text->text.size()) +
                                      " bytes; the kernel takes at most " +
                                      std::to_string(kLongestDescription));
    } else {
        description = text->text;
    }
}

void read_ports(TableReader &reader, PlacedLagg &placed) {
    constexpr const char *kExample = "[\"p0\", \"p1\"]";
    const auto ports = reader.texts("ports", kExample);
    if (ports) placed.ports = *ports;
    const Node *value = reader.find("ports");
    if (placed.lagg.protocol == Protocol::NONE) return;
    if (!value) {
        reader.complain(reader.at(), reader.called().owner +
                                         " has no 'ports'; name at least one [[port]], such as " +
                                         "ports = " + kExample);
    } else if (value->kind == Node::Kind::ARRAY && value->items.empty()) {
        reader.complain(value->at, reader.subject("ports") +
                                       " is empty; name at least one [[port]] (only protocol " +
                                       "\"none\" needs none)");
    }
}

void read_aliases(TableReader &reader, PlacedLagg &placed) {
    const auto texts = reader.texts("aliases", "[\"192.0.2.1/24\"]");
    if (!texts) return;
    placed.aliases_at = reader.find("aliases")->at;
    for (const PlacedText &text : *texts) {
        const auto alias = parse_alias(text.text);
        if (alias) {
            placed.aliases.push_back({*alias, text.at});
        } else {
            reader.complain(text.at, alias.error().message);
        }
    }
}

void read_upper_text(TableReader &reader, const PlacedText &text, PlacedLagg &placed) {
    constexpr std::string_view kPort = "port:";
    const std::string lower = lower_case(text.text);
    Upper &upper = placed.lagg.upper;
    if (lower == "kernel" || lower == "none") {
        upper.kind = lower == "kernel" ? UpperKind::KERNEL : UpperKind::NONE;
    } else if (lower.substr(0, kPort.size()) == kPort && lower.size() > kPort.size()) {
        upper = {UpperKind::PORT, text.text.substr(kPort.size())};
        placed.upper = text.at;
    } else {
        reader.complain(text.at, reader.subject("upper") + " is " + in_quotes(text.text) +
                                     "; it must be \"kernel\", \"none\" or \"port:NAME\"");
    }
}

void read_upper_table(const Node &table, const std::string &owner, PlacedLagg &placed,
                      Complaints &complaints) {
    static constexpr Choice<UpperKind> kKinds[] = {
        {"kernel", UpperKind::KERNEL}, {"port", UpperKind::PORT}, {"none", UpperKind::NONE}};
    TableReader reader(table, {"in 'upper' of " + owner, owner, "upper."}, complaints);
    const auto kind = reader.choice("type", kKinds);
    const auto port = reader.text("port");
    reader.reject_unknown();
    if (!kind) {
        if (!reader.find("type")) {
            reader.complain(table.at,
                            "'upper' of " + owner + " has no 'type'; write kernel, port or none");
        }
        return;
    }
    if (*kind != UpperKind::PORT) {
        placed.lagg.upper.kind = *kind;
        if (port) {
            reader.complain(port->at, reader.subject("port") +
                                          " goes with type = \"port\" only, not with " +
                                          in_quotes(to_text(*kind)));
        }
    } else if (port) {
        placed.lagg.upper = {UpperKind::PORT, port->text};
        placed.upper = port->at;
    } else if (!reader.find("port")) {
        reader.complain(table.at, "'upper' of " + owner +
                                      " has type \"port\" but no 'port'; name a [[port]], such " +
                                      "as upper = \"port:p2\"");
    }
}

void read_upper(TableReader &reader, PlacedLagg &placed, Complaints &complaints) {
    const Node *value = reader.find("upper");
    if (!value) return;
    if (value->kind == Node::Kind::STRING) {
        read_upper_text(reader, {value->text, value->at}, placed);
    } else if (value->kind == Node::Kind::TABLE) {
        read_upper_table(*value, reader.called().owner, placed, complaints);
    } else {
        reader.wrong_type("upper", "\"kernel\", \"none\" or \"port:NAME\"", *value);
    }
}

void read_numbers(TableReader &reader, PlacedLagg &placed) {
    Lagg &lagg = placed.lagg;
    if (const auto mtu = reader.integer("mtu", kMinMtu, kMaxMtu)) {
        lagg.mtu = static_cast<uint16_t>(*mtu);
    }
    if (const auto links = reader.integer("min_links", 1, kMaxPortsPerLagg)) {
        lagg.min_links = static_cast<uint16_t>(*links);
        placed.min_links = reader.find("min_links")->at;
    }
    if (const auto stride = reader.integer("stride", 1, kMostStride)) {
        lagg.roundrobin_stride = static_cast<uint32_t>(*stride);
    }
}

/// As a message calls it: a good name stands for itself.
std::string owner_of(const Node &table) {
    const std::string name = peek_text(table, "name");
    if (name.empty()) return "this [[lagg]]";
    return is_lagg_name(name) ? name : in_quotes(name);
}

} // namespace

PlacedLagg read_lagg(const Node &table, Complaints &complaints) {
    static constexpr Choice<Protocol> kProtocols[] = {{"lacp", Protocol::LACP},
                                                      {"failover", Protocol::FAILOVER},
                                                      {"loadbalance", Protocol::LOADBALANCE},
                                                      {"roundrobin", Protocol::ROUNDROBIN},
                                                      {"broadcast", Protocol::BROADCAST},
                                                      {"none", Protocol::NONE}};
    static constexpr Choice<Weights> kWeights[] = {{"equal", Weights::EQUAL},
                                                   {"speed", Weights::SPEED}};

    PlacedLagg placed;
    placed.at = table.at;
    placed.called = owner_of(table);
    Lagg &lagg = placed.lagg;
    TableReader reader(table, {"in [[lagg]]", placed.called, ""}, complaints);
    read_name(reader, placed);
    read_description(reader, lagg.description);
    lagg.protocol = reader.choice("protocol", kProtocols).value_or(lagg.protocol);
    read_ports(reader, placed);
    read_numbers(reader, placed);
    lagg.mac = read_mac(reader, "mac");
    read_aliases(reader, placed);
    read_hash(reader, placed, complaints);
    lagg.weights = reader.choice("weights", kWeights).value_or(lagg.weights);
    placed.rules = read_rules(reader, complaints);
    read_lacp(reader, placed, complaints);
    lagg.rx_all = reader.boolean("rx_all").value_or(lagg.rx_all);
    read_upper(reader, placed, complaints);
    reader.reject_unknown();
    return placed;
}

} // namespace lagg::config
