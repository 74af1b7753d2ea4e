// Two configurations compared by name: order in the file means nothing, order within a lagg does.
#include "control/config/diff.hh"

#include <algorithm>

namespace lagg::config {

namespace {

template <typename Thing>
const Thing *find(const std::vector<Thing> &things, const std::string &name) {
    const auto found = std::find_if(things.begin(), things.end(),
                                    [&](const Thing &thing) { return thing.name == name; });
    return found == things.end() ? nullptr : &*found;
}

bool contains(const std::vector<std::string> &names, const std::string &name) {
    return std::find(names.begin(), names.end(), name) != names.end();
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

/// A name that stands for another device now: its users have to let go of one and take the other.
bool replaced(const Changes &changes, const std::string &port) {
    return contains(changes.ports_removed, port) && contains(changes.ports_added, port);
}

/// Whether `parameter` of a port of the lagg differs.
template <typename Parameter>
bool ports_differ(const Config &from, const Config &to, const Lagg &lagg,
                  Parameter Port::*parameter) {
    return std::any_of(lagg.ports.begin(), lagg.ports.end(), [&](const std::string &name) {
        const Port *before = find(from.ports, name);
        const Port *after = find(to.ports, name);
        return before && after && before->*parameter != after->*parameter;
    });
}

LaggChanges diff_lagg(const Lagg &a, const Lagg &b) {
    LaggChanges changes;
    changes.name = b.name;
    changes.protocol = a.protocol != b.protocol;
    changes.ports = a.ports != b.ports;
    changes.mtu = a.mtu != b.mtu;
    changes.mac = a.mac != b.mac;
    changes.description = a.description != b.description;
    changes.hash = a.hash != b.hash;
    changes.weights = a.weights != b.weights;
    changes.rules = a.rules != b.rules;
    changes.lacp = a.lacp != b.lacp;
    changes.min_links = a.min_links != b.min_links;
    changes.roundrobin = a.roundrobin_stride != b.roundrobin_stride;
    changes.rx_all = a.rx_all != b.rx_all;
    changes.upper = a.upper != b.upper;

    std::vector<Alias> before = a.aliases;
    std::vector<Alias> after = b.aliases;
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    changes.aliases = before != after;
    return changes;
}

bool any(const LaggChanges &c) {
    return c.protocol || c.ports || c.mtu || c.mac || c.aliases || c.description || c.hash ||
           c.weights || c.rules || c.lacp || c.min_links || c.roundrobin || c.rx_all || c.upper;
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
        LaggChanges of_lagg = diff_lagg(*before, lagg);
        for (const std::string &port : lagg.ports) {
            if (replaced(changes, port)) of_lagg.ports = true;
        }
        if (ports_differ(from, to, lagg, &Port::lacp)) of_lagg.lacp = true;
        if (ports_differ(from, to, lagg, &Port::weight)) of_lagg.weights = true;
        if (lagg.upper.kind == UpperKind::PORT && replaced(changes, lagg.upper.port)) {
            of_lagg.upper = true;
        }
        if (any(of_lagg)) changes.laggs_changed.push_back(std::move(of_lagg));
    }
}

std::vector<std::string> diff_daemon(const Daemon &a, const Daemon &b) {
    std::vector<std::string> keys;
    const auto note = [&keys](const char *key, bool differs) {
        if (differs) keys.emplace_back(key);
    };
    note("workers", a.workers != b.workers);
    note("memory", a.memory != b.memory);
    note("buffers", a.buffers != b.buffers);
    note("memory_mb", a.memory_mb != b.memory_mb);
    note("poll", a.poll != b.poll);
    note("api", a.api != b.api);
    note("log", a.log != b.log);
    note("record", a.record != b.record);
    note("eal", a.eal != b.eal);
    return keys;
}

} // namespace

bool Changes::empty() const {
    return laggs_removed.empty() && laggs_added.empty() && laggs_changed.empty() &&
           ports_removed.empty() && ports_added.empty() && ports_allowed.empty() &&
           needs_restart.empty();
}

Changes diff(const Config &from, const Config &to) {
    Changes changes;
    changes.needs_restart = diff_daemon(from.daemon, to.daemon);
    diff_ports(from, to, changes);
    diff_laggs(from, to, changes);
    return changes;
}

} // namespace lagg::config
