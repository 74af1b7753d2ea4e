// [[port]].
#include "control/config/schema.hh"

#include "control/config/values.hh"
#include "dataplane/base/words.hh"

namespace lagg::config {

namespace {

constexpr int64_t kFewestDescriptors = 64;
constexpr int64_t kMostDescriptors = 32768;

void read_name(TableReader &reader, PlacedPort &placed) {
    const auto name = reader.text("name");
    if (!name) {
        if (!reader.find("name")) {
            reader.complain(reader.at(),
                            "this [[port]] has no 'name'; give it one, such as name = \"p0\"");
        }
        return;
    }
    // Kept even when it is no good: that a lagg names it is not a second mistake.
    placed.port.name = name->text;
    placed.name = name->at;
    if (!is_port_name(name->text)) {
        reader.complain(name->at, "port name " + in_quotes(name->text) +
                                      " is not valid; it begins with a letter and has at most 31 " +
                                      "letters, digits, '_', '.' and '-'");
    }
}

void read_device(TableReader &reader, PlacedPort &placed) {
    const auto device = reader.text("device");
    if (!device) {
        if (!reader.find("device")) {
            reader.complain(reader.at(), reader.called().owner +
                                             " has no 'device'; write a PCI address such as " +
                                             "\"0000:03:00.0\" or a DPDK vdev such as " +
                                             "\"net_af_packet,iface=eth1\"");
        }
        return;
    }
    auto parsed = parse_device(device->text);
    if (!parsed) return reader.complain(device->at, parsed.error().message);
    placed.port.device = *std::move(parsed);
    placed.device = device->at;
}

} // namespace

PlacedPort read_port(const Node &table, Complaints &complaints) {
    PlacedPort placed;
    placed.at = table.at;
    const std::string name = peek_text(table, "name");
    const std::string owner = name.empty() ? "this [[port]]" : "port " + in_quotes(name);
    TableReader reader(table, {"in [[port]]", owner, ""}, complaints);
    read_name(reader, placed);
    read_device(reader, placed);
    if (const auto count = reader.integer("descriptors", kFewestDescriptors, kMostDescriptors)) {
        placed.port.descriptors = static_cast<uint16_t>(*count);
    }
    if (const auto weight = reader.integer("weight", 1, kMaxWeight)) {
        placed.port.weight = static_cast<uint16_t>(*weight);
    }
    placed.port.in_use = reader.boolean("in_use").value_or(placed.port.in_use);
    read_lacp(reader, placed.port.lacp, complaints);
    reader.reject_unknown();
    return placed;
}

} // namespace lagg::config
