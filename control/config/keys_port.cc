// [[port]].
#include "control/config/keys.hh"

#include "control/config/key_kinds.hh"
#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

void read_port_name(TableReader &reader, Port &port) {
    const auto name = reader.text("name");
    if (!name) {
        if (!reader.value_of("name")) {
            reader.complain(reader.at(),
                            "this [[port]] has no 'name'; give it one, such as name = \"p0\"");
        }
        return;
    }
    // Kept even when it is no good: that a lagg names it is not a second mistake.
    port.name = name->text;
    if (!is_port_name(name->text)) {
        reader.complain(name->at, "port name " + in_quotes(name->text) +
                                      " is not valid; it begins with a letter and has at most 31 " +
                                      "letters, digits, '_', '.' and '-'");
    }
}

Key<Port> port_name_key() {
    return {row_of("name", text_form("^[A-Za-z][A-Za-z0-9_.-]{0,30}$"),
                   {.cost = Cost::RESTARTS_PORT,
                    .sentence = "What laggs and laggctl call the port",
                    .example = "p0",
                    .required = true}),
            read_port_name, [](const Port &port) { return node_of(port.name); }};
}

void read_device(TableReader &reader, Port &port) {
    const auto device = reader.text("device");
    if (!device) {
        if (!reader.value_of("device")) {
            reader.complain(reader.at(), reader.called().owner +
                                             " has no 'device'; write a PCI address such as " +
                                             "\"0000:03:00.0\" or a DPDK vdev such as " +
                                             "\"net_af_packet,iface=eth1\"");
        }
        return;
    }
    auto parsed = parse_device(device->text);
    if (!parsed) return reader.complain(device->at, parsed.error().message);
    port.device = *std::move(parsed);
}

Key<Port> device_key() {
    return {row_of("device", text_form(),
                   {.cost = Cost::RESTARTS_PORT,
                    .sentence = "The PCI address of a device that is bound to DPDK, or a DPDK vdev",
                    .example = "0000:03:00.0",
                    .required = true}),
            read_device, [](const Port &port) { return node_of(port.device); }};
}

} // namespace

const Keys<Port> &port_keys() {
    static const Keys<Port> keys = {
        port_name_key(),
        device_key(),
        number("descriptors", &Port::descriptors, {64, 32768},
               {.cost = Cost::RESTARTS_PORT,
                .sentence = "Receive and transmit descriptors of each queue",
                .absent = "1024, within what the driver takes"}),
        number("weight", &Port::weight, {1, kMaxWeight},
               {.sentence = "The port's share of the flows, relative to the other ports of its "
                            "lagg",
                .absent = "what 'weights' of the lagg says"}),
        boolean("in_use", &Port::in_use,
                {.sentence = "Whether the host may use the kernel interface otherwise"}),
        table("lacp", &Port::lacp, port_lacp_keys(), {.sentence = "LACP parameters of this port"}),
    };
    return keys;
}

} // namespace lagg::config
