// The rules between tables, one function each.
#include "control/config/rules.hh"

#include "control/config/values.hh"
#include "dataplane/base/words.hh"

#include <algorithm>
#include <map>

namespace lagg::config {

namespace {

std::string at_line(Position at) {
    return "line " + std::to_string(at.line);
}

/// The first user of something that may be used once.
struct User {
    std::string called;
    Position at;
};
using Users = std::map<std::string, User>;

void check_port_names(const PlacedConfig &config, Complaints &complaints) {
    Users seen;
    for (const PlacedPort &placed : config.ports) {
        if (placed.port.name.empty()) continue;
        const auto [first, fresh] = seen.try_emplace(placed.port.name, User{"", placed.name});
        if (fresh) continue;
        complaints.add(placed.name, "port name " + in_quotes(placed.port.name) +
                                        " is taken by the [[port]] at " +
                                        at_line(first->second.at) +
                                        "; every port needs a name of its own");
    }
}

void check_lagg_names(const PlacedConfig &config, Complaints &complaints) {
    Users seen;
    for (const PlacedLagg &placed : config.laggs) {
        if (placed.lagg.name.empty()) continue;
        const auto [first, fresh] = seen.try_emplace(placed.lagg.name, User{"", placed.name});
        if (fresh) continue;
        complaints.add(placed.name, "lagg name " + in_quotes(placed.lagg.name) +
                                        " is taken by the [[lagg]] at " +
                                        at_line(first->second.at) +
                                        "; every lagg needs a number of its own");
    }
}

void check_devices(const PlacedConfig &config, Complaints &complaints) {
    Users seen;
    for (const PlacedPort &placed : config.ports) {
        const std::string &device = placed.port.device;
        if (device.empty()) continue;
        const User user{in_quotes(placed.port.name), placed.device};
        const auto [first, fresh] = seen.try_emplace(device_identity(device), user);
        if (fresh) continue;
        complaints.add(placed.device, "device " + in_quotes(device) + " is already that of port " +
                                          first->second.called + " (" + at_line(first->second.at) +
                                          "); a device can be one port only");
    }
}

/// Whether there is a port of that name; complains with the nearest name if not.
bool port_exists(const PlacedConfig &config, const PlacedText &name, const std::string &subject,
                 Complaints &complaints) {
    std::vector<std::string> names;
    for (const PlacedPort &placed : config.ports) {
        if (!placed.port.name.empty()) names.push_back(placed.port.name);
    }
    if (std::find(names.begin(), names.end(), name.text) != names.end()) return true;
    std::string message = subject + " does not exist; ";
    if (names.empty()) {
        message += "this file has no [[port]] with a name";
    } else if (const auto near = nearest(name.text, names)) {
        message += "did you mean " + in_quotes(*near) + "?";
    } else {
        message += "the ports are " + listed(names);
    }
    complaints.add(name.at, std::move(message));
    return false;
}

/// Fills `members` with the first use of each port, for the rule about uppers.
void check_members(const PlacedConfig &config, Users &members, Complaints &complaints) {
    for (const PlacedLagg &placed : config.laggs) {
        for (const PlacedText &port : placed.ports) {
            const std::string subject = "port " + in_quotes(port.text);
            if (!port_exists(config, port, subject + " of " + placed.called, complaints)) continue;
            const auto [first, fresh] =
                members.try_emplace(port.text, User{placed.called, port.at});
            if (fresh) continue;
            const bool same =
                first->second.at >= placed.at && first->second.called == placed.called;
            complaints.add(port.at,
                           same ? subject + " is listed twice in " + placed.called +
                                      "; name each port once"
                                : subject + " is already a port of " + first->second.called + " (" +
                                      at_line(first->second.at) + "); a port belongs to one lagg");
        }
    }
}

void check_uppers(const PlacedConfig &config, const Users &members, Complaints &complaints) {
    Users uppers;
    for (const PlacedLagg &placed : config.laggs) {
        if (placed.lagg.upper.kind != UpperKind::PORT) continue;
        const std::string &name = placed.lagg.upper.port;
        const std::string subject = "upper port " + in_quotes(name) + " of " + placed.called;
        if (!port_exists(config, {name, placed.upper}, subject, complaints)) continue;
        if (const auto member = members.find(name); member != members.end()) {
            complaints.add(placed.upper, subject + " is already a port of " +
                                             member->second.called + " (" +
                                             at_line(member->second.at) +
                                             "); the upper side needs a port of its own");
        }
        const auto [first, fresh] = uppers.try_emplace(name, User{placed.called, placed.upper});
        if (fresh) continue;
        complaints.add(placed.upper, subject + " is already the upper side of " +
                                         first->second.called + " (" + at_line(first->second.at) +
                                         "); a port serves one lagg");
    }
}

/// Laggs that frames get to from each other, without leaving this machine.
class Connected {
  public:
    /// False when a way between the two was there already.
    bool join(const std::string &one, const std::string &other) {
        const std::string first = root(one);
        const std::string second = root(other);
        parents_[first] = second;
        return first != second;
    }

  private:
    std::string root(std::string name) const {
        for (auto up = parents_.find(name); up != parents_.end() && up->second != name;
             up = parents_.find(name))
            name = up->second;
        return name;
    }
    std::map<std::string, std::string> parents_;
};

const PlacedPort *find_port(const PlacedConfig &config, const std::string &name) {
    const auto found = std::find_if(config.ports.begin(), config.ports.end(),
                                    [&](const PlacedPort &each) { return each.port.name == name; });
    return found == config.ports.end() ? nullptr : &*found;
}

bool has_interface(const PlacedConfig &config, const std::string &name) {
    return std::any_of(config.laggs.begin(), config.laggs.end(), [&](const PlacedLagg &each) {
        return each.lagg.name == name && each.lagg.upper.kind == UpperKind::KERNEL;
    });
}

/// A lagg joins its ports with its upper side, and a port that takes the kernel interface of a lagg
/// joins two laggs. Where two ways lead from one to another, frames go round for ever.
void check_loops(const PlacedConfig &config, Complaints &complaints) {
    Connected connected;
    const auto check = [&](const PlacedLagg &placed, const std::string &name) {
        const PlacedPort *port = find_port(config, name);
        if (port == nullptr) return;
        for (const std::string &interface : named_interfaces(port->port.device)) {
            if (!has_interface(config, interface) || connected.join(placed.lagg.name, interface))
                continue;
            const bool own = interface == placed.lagg.name;
            complaints.add(port->device,
                           "port " + in_quotes(name) + " of " + placed.called + " takes " +
                               (own ? std::string("the interface of that very lagg")
                                    : "interface " + interface + ", and " + interface +
                                          " already leads to " + placed.called) +
                               "; frames would go round for ever: give the port another device");
        }
    };
    for (const PlacedLagg &placed : config.laggs) {
        for (const PlacedText &port : placed.ports)
            check(placed, port.text);
        if (placed.lagg.upper.kind == UpperKind::PORT) check(placed, placed.lagg.upper.port);
    }
}

void check_min_links(const PlacedConfig &config, Complaints &complaints) {
    for (const PlacedLagg &placed : config.laggs) {
        const size_t ports = placed.ports.size();
        const bool given = placed.min_links.line != 0;
        if (!given || ports == 0 || placed.lagg.min_links <= ports) continue;
        complaints.add(placed.min_links,
                       "'min_links' of " + placed.called + " is " +
                           std::to_string(placed.lagg.min_links) + ", but " + placed.called +
                           " has " + std::to_string(ports) + (ports == 1 ? " port" : " ports") +
                           " and would never come up; write at most " + std::to_string(ports));
    }
}

/// What contradicts itself in the lacp table.
void check_lacp(const PlacedConfig &config, Complaints &complaints) {
    for (const PlacedLagg &placed : config.laggs) {
        const Lagg &lagg = placed.lagg;
        const Lacp &lacp = lagg.lacp;
        if (lagg.protocol != Protocol::LACP) continue;
        const std::string links = std::to_string(lagg.min_links);
        if (lacp.max_links != 0 && lacp.max_links < lagg.min_links) {
            complaints.add(placed.max_links,
                           "'lacp.max_links' of " + placed.called + " is " +
                               std::to_string(lacp.max_links) + ", but 'min_links' is " + links +
                               " and the lagg would never come up; write at least " + links +
                               ", or 0 for no limit");
        }
        if (lacp.fallback != Fallback::NONE && !lacp.strict) {
            complaints.add(placed.fallback,
                           "'lacp.fallback' of " + placed.called + " is " +
                               in_quotes(to_text(lacp.fallback)) +
                               ", but with 'lacp.strict' false a silent partner is taken for a " +
                               "ready one at once; write strict = true or fallback = \"none\"");
        }
        if (lacp.fallback == Fallback::INDIVIDUAL && lagg.min_links > 1) {
            complaints.add(placed.fallback,
                           "'lacp.fallback' of " + placed.called +
                               " is \"individual\", which leaves one port in use, but " +
                               "'min_links' is " + links +
                               "; write min_links = 1 or fallback = " + "\"static\"");
        }
    }
}

bool is_link_local(const Alias &alias) {
    return alias.v6 && alias.address[0] == 0xfe && (alias.address[1] & 0xc0) == 0x80;
}

void check_alias(const PlacedLagg &placed, const PlacedAlias &alias, Users &seen,
                 Complaints &complaints) {
    // The prefix length makes no second address. A link-local address is one of its interface:
    // other laggs may have the same one.
    const std::string all = to_string(alias.alias);
    std::string address = all.substr(0, all.find('/'));
    if (is_link_local(alias.alias)) {
        address += '%' + std::to_string(placed.at.line) + ':' + std::to_string(placed.at.column);
    }
    const auto [first, fresh] = seen.try_emplace(address, User{placed.called, alias.at});
    if (fresh) return;
    const std::string subject = "alias " + in_quotes(all) + " of " + placed.called;
    const bool same = first->second.at >= placed.at && first->second.called == placed.called;
    complaints.add(alias.at, same ? subject + " is listed twice; give each address once"
                                  : subject + " is already an address of " + first->second.called +
                                        " (" + at_line(first->second.at) +
                                        "); an address belongs to one interface");
}

void check_aliases(const PlacedConfig &config, Complaints &complaints) {
    Users seen;
    for (const PlacedLagg &placed : config.laggs) {
        for (const PlacedAlias &alias : placed.aliases) {
            check_alias(placed, alias, seen, complaints);
        }
        if (placed.aliases.empty() || placed.lagg.upper.kind == UpperKind::KERNEL) continue;
        complaints.add(placed.aliases_at, "'aliases' of " + placed.called +
                                              " need the kernel interface, but its upper is " +
                                              in_quotes(to_text(placed.lagg.upper.kind)) +
                                              "; remove them or write upper = \"kernel\"");
    }
}

/// Complains where the rule of this number leads to a port that is not the lagg's.
void check_port_of_rule(const PlacedConfig &config, const PlacedLagg &placed, size_t number,
                        const PlacedText &port, Complaints &complaints) {
    std::vector<std::string> ports;
    for (const PlacedText &each : placed.ports)
        ports.push_back(each.text);
    if (std::find(ports.begin(), ports.end(), port.text) != ports.end()) return;
    const bool of_another =
        std::any_of(config.ports.begin(), config.ports.end(),
                    [&](const PlacedPort &each) { return each.port.name == port.text; });
    const auto near = nearest(port.text, ports);
    std::string message = "port " + in_quotes(port.text) + " of rule " + std::to_string(number) +
                          " is not one of " + placed.called + "'s; ";
    if (ports.empty()) {
        message += "it has none";
    } else if (near && !of_another) {
        message += "did you mean " + in_quotes(*near) + "?";
    } else {
        message += "they are " + listed(ports);
    }
    complaints.add(port.at, std::move(message));
}

void check_rules_of_laggs(const PlacedConfig &config, Complaints &complaints) {
    for (const PlacedLagg &placed : config.laggs) {
        for (size_t i = 0; i < placed.rules.size(); ++i) {
            const PlacedText &port = placed.rules[i].port;
            const bool given = port.at.line != 0;
            if (given) check_port_of_rule(config, placed, i + 1, port, complaints);
        }
    }
}

void check_device_count(const PlacedConfig &config, Complaints &complaints) {
    if (config.ports.size() <= kMaxDevices) return;
    complaints.add(config.ports[kMaxDevices].at,
                   "one port too many: this file has " + std::to_string(config.ports.size()) +
                       ", and at most " + std::to_string(kMaxDevices) + " are possible");
}

void check_lagg_count(const PlacedConfig &config, Complaints &complaints) {
    if (config.laggs.size() <= kMaxLaggs) return;
    complaints.add(config.laggs[kMaxLaggs].at,
                   "one lagg too many: this file has " + std::to_string(config.laggs.size()) +
                       ", and at most " + std::to_string(kMaxLaggs) + " are possible");
}

} // namespace

void check_rules(const PlacedConfig &config, Complaints &complaints) {
    check_port_names(config, complaints);
    check_devices(config, complaints);
    check_lagg_count(config, complaints);
    check_lagg_names(config, complaints);
    Users members;
    check_members(config, members, complaints);
    check_uppers(config, members, complaints);
    check_loops(config, complaints);
    check_min_links(config, complaints);
    check_lacp(config, complaints);
    check_aliases(config, complaints);
    check_rules_of_laggs(config, complaints);
    check_device_count(config, complaints);
}

} // namespace lagg::config
