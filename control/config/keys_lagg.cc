// [[lagg]].
#include "control/config/keys.hh"

#include "control/config/key_values.hh"
#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

constexpr int64_t kMostStride = 1000000;
/// The kernel's IFALIASZ is 256 with the NUL at the end.
constexpr size_t kLongestDescription = 255;

void read_lagg_name(TableReader &reader, Lagg &lagg) {
    const auto name = reader.text("name");
    if (!name) {
        if (!reader.value_of("name")) {
            reader.complain(reader.at(),
                            "this [[lagg]] has no 'name'; give it one, such as name = \"lagg0\"");
        }
        return;
    }
    lagg.name = name->text;
    if (!is_lagg_name(name->text)) {
        reader.complain(name->at,
                        "lagg name " + in_quotes(name->text) +
                            " is not valid; it is \"lagg\" and a number from 0 to 4095, " +
                            "such as \"lagg0\"");
    }
}

void read_description(TableReader &reader, Lagg &lagg) {
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
        lagg.description = text->text;
    }
}

/// Needs the protocol, which is read before.
void read_ports(TableReader &reader, Lagg &lagg) {
    constexpr const char *kExample = "[\"p0\", \"p1\"]";
    for (PlacedText &port : reader.texts("ports", kExample).value_or(std::vector<PlacedText>()))
        lagg.ports.push_back(std::move(port.text));
    const Node *value = reader.value_of("ports");
    if (traits_of(lagg.protocol).carriers == Carriers::NOBODY) return;
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

void read_aliases(TableReader &reader, Lagg &lagg) {
    const auto texts = reader.texts("aliases", "[\"192.0.2.1/24\"]");
    if (!texts) return;
    for (const PlacedText &text : *texts) {
        const auto alias = parse_alias(text.text);
        if (alias) {
            reader.note(item_path("aliases", lagg.aliases.size()), text.at);
            lagg.aliases.push_back(*alias);
        } else {
            reader.complain(text.at, alias.error().message);
        }
    }
}

Node write_aliases(const Lagg &lagg) {
    std::vector<Node> aliases;
    for (const Alias &alias : lagg.aliases)
        aliases.push_back(node_of(to_string(alias)));
    return node_of(std::move(aliases));
}

Key<Lagg> lagg_name_key() {
    return {row_of("name", text_form("^lagg(0|[1-9][0-9]{0,3})$"),
                   {.cost = Cost::REMAKES_UPPER,
                    .sentence = "What the lagg and its kernel interface are called",
                    .example = "lagg0",
                    .required = true}),
            read_lagg_name, [](const Lagg &lagg) { return node_of(lagg.name); }};
}

Key<Lagg> description_key() {
    return {row_of("description", text_form(),
                   {.sentence = "A note, shown by laggctl and as the alias of the interface",
                    .example = "to the server room"}),
            read_description, [](const Lagg &lagg) { return node_of(lagg.description); }};
}

Key<Lagg> ports_key() {
    return {row_of("ports", array_form(text_form()),
                   {.cost = Cost::RENEGOTIATES,
                    .sentence = "The ports of the lagg, the preferred one first; only protocol "
                                "\"none\" needs none",
                    .example = "[\"p0\", \"p1\"]"}),
            read_ports, [](const Lagg &lagg) { return node_of_texts(lagg.ports); }};
}

Key<Lagg> aliases_key() {
    Form form = array_form(text_form("^[0-9A-Fa-f:.]+/[0-9]+$"));
    form.unordered = true;
    return {row_of("aliases", std::move(form),
                   {.sentence = "Addresses of the kernel interface, with their prefix lengths",
                    .example = "[\"192.0.2.1/24\", \"2001:db8::1/64\"]"}),
            read_aliases, write_aliases};
}

} // namespace

const Keys<Lagg> &lagg_keys() {
    static const Keys<Lagg> keys = {
        lagg_name_key(),
        description_key(),
        word("protocol", &Lagg::protocol, kProtocols,
             {.cost = Cost::RENEGOTIATES, .sentence = "How frames are distributed over the ports"}),
        ports_key(),
        number("mtu", &Lagg::mtu, {kMinMtu, kMaxMtu},
               {.cost = Cost::RESTARTS_PORT,
                .sentence = "Maximum transmission unit of the interface and of all ports",
                .unit = "bytes"}),
        number("min_links", &Lagg::min_links, {1, kMaxPortsPerLagg},
               {.sentence = "Ports that have to be able to carry traffic for the lagg to be up"}),
        number(
            "stride", &Lagg::roundrobin_stride, {1, kMostStride},
            {.sentence = "Packets in a row on one port, with \"roundrobin\"", .unit = "packets"}),
        mac("mac", &Lagg::mac,
            {.cost = Cost::RENEGOTIATES,
             .sentence = "MAC address of the lagg's interface",
             .absent = "the address of one of its ports",
             .example = "02:00:5e:10:00:01"}),
        aliases_key(),
        hash_key(),
        word("weights", &Lagg::weights, kWeights,
             {.sentence = "What a port without a weight of its own weighs"}),
        rules_key(),
        table("lacp", &Lagg::lacp, lacp_keys(),
              {.sentence = "Parameters of LACP, with protocol \"lacp\""}),
        boolean("rx_all", &Lagg::rx_all,
                {.sentence = "Whether frames are accepted on ports in reserve, with "
                             "\"failover\""}),
        upper_key(),
    };
    return keys;
}

} // namespace lagg::config
