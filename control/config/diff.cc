// Two configurations compared by name: order in the file means nothing, order within a lagg does.
#include "control/config/diff.hh"

#include "control/config/differences.hh"

#include <algorithm>

namespace lagg::config {

namespace {

template <typename Thing>
const Thing *find(const std::vector<Thing> &things, const std::string &name) {
    const auto found = std::find_if(things.begin(), things.end(),
                                    [&](const Thing &thing) { return thing.name == name; });
    return found == things.end() ? nullptr : &*found;
}

/// What a port is; its weight and LACP parameters are a matter of the lagg that uses it.
bool same_device(const Port &a, const Port &b) {
    return a.device == b.device && a.descriptors == b.descriptors;
}

void diff_ports(const Config &from, const Config &to, Changes &changes) {
    for (const Port &port : from.ports) {
        const Port *kept = find(to.ports, port.name);
        if (!kept || !same_device(port, *kept)) changes.ports_removed.push_back(port.name);
    }
    for (const Port &port : to.ports) {
        const Port *before = find(from.ports, port.name);
        if (!before || !same_device(*before, port)) changes.ports_added.push_back(port.name);
        if (before && before->in_use != port.in_use) changes.ports_allowed.push_back(port.name);
    }
}

/// What a lagg has of a port that it uses. Whether the host may use the interface otherwise is no
/// matter of the lagg's.
Port as_member(const Config &config, const std::string &name) {
    const Port *port = find(config.ports, name);
    if (port == nullptr) return {};
    Port member = *port;
    member.in_use = false;
    return member;
}

/// The same of the port that is its upper side, which has neither a weight nor LACP.
Port as_upper(const Config &config, const std::string &name) {
    const Port *port = find(config.ports, name);
    return port == nullptr ? Port{}
                           : Port{.device = port->device, .descriptors = port->descriptors};
}

/// The order of addresses means nothing.
Lagg in_order(Lagg lagg) {
    std::sort(lagg.aliases.begin(), lagg.aliases.end());
    return lagg;
}

bool differ(const Config &from, const Config &to, const Lagg &a, const Lagg &b) {
    if (in_order(a) != in_order(b)) return true;
    if (b.upper.kind == UpperKind::PORT &&
        as_upper(from, b.upper.port) != as_upper(to, b.upper.port))
        return true;
    return std::any_of(b.ports.begin(), b.ports.end(), [&](const std::string &name) {
        return as_member(from, name) != as_member(to, name);
    });
}

void diff_laggs(const Config &from, const Config &to, Changes &changes) {
    for (const Lagg &lagg : from.laggs) {
        if (!find(to.laggs, lagg.name)) changes.laggs_removed.push_back(lagg.name);
    }
    for (const Lagg &lagg : to.laggs) {
        const Lagg *before = find(from.laggs, lagg.name);
        if (!before) {
            changes.laggs_added.push_back(lagg.name);
            continue;
        }
        if (differ(from, to, *before, lagg)) changes.laggs_changed.push_back(lagg.name);
    }
}

} // namespace

bool Changes::empty() const {
    return laggs_removed.empty() && laggs_added.empty() && laggs_changed.empty() &&
           ports_removed.empty() && ports_added.empty() && ports_allowed.empty() &&
           needs_restart.empty();
}

Changes diff(const Config &from, const Config &to) {
    Changes changes;
    changes.needs_restart = waiting_keys(differences(from, to));
    diff_ports(from, to, changes);
    diff_laggs(from, to, changes);
    return changes;
}

} // namespace lagg::config
