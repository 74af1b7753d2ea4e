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

/// What the rules are about, and where it stands.
struct Document {
    const Config &config;
    const Positions &positions;

    /// Place of a key of the port or lagg of that number.
    Position port(size_t number, const std::string &key) const {
        return positions.of(item_path("port", number) + "." + key);
    }
    Position lagg(size_t number, const std::string &key) const {
        return positions.of(item_path("lagg", number) + "." + key);
    }
};

/// As messages call a lagg: a good name stands for itself.
std::string called_of(const Lagg &lagg) {
    return called_lagg(lagg.name);
}

/// The first user of something that may be used once.
struct User {
    std::string called;
    Position at;
    size_t lagg = 0; ///< its number
};
using Users = std::map<std::string, User>;

void check_port_names(const Document &document, Complaints &complaints) {
    Users seen;
    for (size_t i = 0; i < document.config.ports.size(); ++i) {
        const std::string &name = document.config.ports[i].name;
        if (name.empty()) continue;
        const Position at = document.port(i, "name");
        const auto [first, fresh] = seen.try_emplace(name, User{"", at});
        if (fresh) continue;
        complaints.add(at, "port name " + in_quotes(name) + " is taken by the [[port]] at " +
                               at_line(first->second.at) + "; every port needs a name of its own");
    }
}

void check_lagg_names(const Document &document, Complaints &complaints) {
    Users seen;
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const std::string &name = document.config.laggs[i].name;
        if (name.empty()) continue;
        const Position at = document.lagg(i, "name");
        const auto [first, fresh] = seen.try_emplace(name, User{"", at});
        if (fresh) continue;
        complaints.add(at, "lagg name " + in_quotes(name) + " is taken by the [[lagg]] at " +
                               at_line(first->second.at) +
                               "; every lagg needs a number of its own");
    }
}

void check_devices(const Document &document, Complaints &complaints) {
    Users seen;
    for (size_t i = 0; i < document.config.ports.size(); ++i) {
        const Port &port = document.config.ports[i];
        if (port.device.empty()) continue;
        const User user{in_quotes(port.name), document.port(i, "device")};
        const auto [first, fresh] = seen.try_emplace(device_identity(port.device), user);
        if (fresh) continue;
        complaints.add(user.at, "device " + in_quotes(port.device) + " is already that of port " +
                                    first->second.called + " (" + at_line(first->second.at) +
                                    "); a device can be one port only");
    }
}

/// Whether there is a port of that name; complains with the nearest name if not.
bool port_exists(const Config &config, const std::string &name, Position at,
                 const std::string &subject, Complaints &complaints) {
    std::vector<std::string> names;
    for (const Port &port : config.ports) {
        if (!port.name.empty()) names.push_back(port.name);
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) return true;
    std::string message = subject + " does not exist; ";
    if (names.empty()) {
        message += "this file has no [[port]] with a name";
    } else if (const auto near = nearest(name, names)) {
        message += "did you mean " + in_quotes(*near) + "?";
    } else {
        message += "the ports are " + listed(names);
    }
    complaints.add(at, std::move(message));
    return false;
}

/// Fills `members` with the first use of each port, for the rule about uppers.
void check_members(const Document &document, Users &members, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        const std::string called = called_of(lagg);
        for (size_t k = 0; k < lagg.ports.size(); ++k) {
            const std::string &name = lagg.ports[k];
            const Position at = document.lagg(i, item_path("ports", k));
            const std::string subject = "port " + in_quotes(name);
            if (!port_exists(document.config, name, at, subject + " of " + called, complaints))
                continue;
            const auto [first, fresh] = members.try_emplace(name, User{called, at, i});
            if (fresh) continue;
            complaints.add(at,
                           first->second.lagg == i
                               ? subject + " is listed twice in " + called + "; name each port once"
                               : subject + " is already a port of " + first->second.called + " (" +
                                     at_line(first->second.at) + "); a port belongs to one lagg");
        }
    }
}

void check_uppers(const Document &document, const Users &members, Complaints &complaints) {
    Users uppers;
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        if (lagg.upper.kind != UpperKind::PORT) continue;
        const std::string &name = lagg.upper.port;
        const std::string called = called_of(lagg);
        const Position at = document.lagg(i, "upper.port");
        const std::string subject = "upper port " + in_quotes(name) + " of " + called;
        if (!port_exists(document.config, name, at, subject, complaints)) continue;
        if (const auto member = members.find(name); member != members.end()) {
            complaints.add(at, subject + " is already a port of " + member->second.called + " (" +
                                   at_line(member->second.at) +
                                   "); the upper side needs a port of its own");
        }
        const auto [first, fresh] = uppers.try_emplace(name, User{called, at, i});
        if (fresh) continue;
        complaints.add(at, subject + " is already the upper side of " + first->second.called +
                               " (" + at_line(first->second.at) + "); a port serves one lagg");
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

bool has_interface(const Config &config, const std::string &name) {
    return std::ranges::any_of(config.laggs, [&](const Lagg &each) {
        return each.name == name && each.upper.kind == UpperKind::KERNEL;
    });
}

/// Complains where the port leads a lagg to the interface of another one, or of its own, to which a
/// way leads already.
void check_loop(const Document &document, const Lagg &lagg, const std::string &name,
                Connected &connected, Complaints &complaints) {
    const auto &ports = document.config.ports;
    const auto port = std::ranges::find(ports, name, &Port::name);
    if (port == ports.end()) return;
    const std::string called = called_of(lagg);
    for (const std::string &interface : named_interfaces(port->device)) {
        if (!has_interface(document.config, interface) || connected.join(lagg.name, interface))
            continue;
        const bool own = interface == lagg.name;
        complaints.add(document.port(static_cast<size_t>(port - ports.begin()), "device"),
                       "port " + in_quotes(name) + " of " + called + " takes " +
                           (own ? std::string("the interface of that very lagg")
                                : "interface " + interface + ", and " + interface +
                                      " already leads to " + called) +
                           "; frames would go round for ever: give the port another device");
    }
}

/// A lagg joins its ports with its upper side, and a port that takes the kernel interface of a lagg
/// joins two laggs. Where two ways lead from one to another, frames go round for ever.
void check_loops(const Document &document, Complaints &complaints) {
    Connected connected;
    for (const Lagg &lagg : document.config.laggs) {
        for (const std::string &port : lagg.ports)
            check_loop(document, lagg, port, connected, complaints);
        if (lagg.upper.kind == UpperKind::PORT)
            check_loop(document, lagg, lagg.upper.port, connected, complaints);
    }
}

void check_min_links(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        const size_t ports = lagg.ports.size();
        if (ports == 0 || lagg.min_links <= ports) continue;
        const std::string called = called_of(lagg);
        complaints.add(document.lagg(i, "min_links"),
                       "'min_links' of " + called + " is " + std::to_string(lagg.min_links) +
                           ", but " + called + " has " + std::to_string(ports) +
                           (ports == 1 ? " port" : " ports") +
                           " and would never come up; write at most " + std::to_string(ports));
    }
}

/// What contradicts itself in the lacp table.
void check_lacp(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        const Lacp &lacp = lagg.lacp;
        if (lagg.protocol != Protocol::LACP) continue;
        const std::string of_lagg = " of " + called_of(lagg);
        const std::string links = std::to_string(lagg.min_links);
        if (lacp.max_links != 0 && lacp.max_links < lagg.min_links) {
            complaints.add(document.lagg(i, "lacp.max_links"),
                           "'lacp.max_links'" + of_lagg + " is " + std::to_string(lacp.max_links) +
                               ", but 'min_links' is " + links +
                               " and the lagg would never come up; write at least " + links +
                               ", or 0 for no limit");
        }
        if (lacp.fallback != Fallback::NONE && !lacp.strict) {
            complaints.add(document.lagg(i, "lacp.fallback"),
                           "'lacp.fallback'" + of_lagg + " is " +
                               in_quotes(to_text(lacp.fallback)) +
                               ", but with 'lacp.strict' false a silent partner is taken for a " +
                               "ready one at once; write strict = true or fallback = \"none\"");
        }
        if (lacp.fallback == Fallback::INDIVIDUAL && lagg.min_links > 1) {
            complaints.add(document.lagg(i, "lacp.fallback"),
                           "'lacp.fallback'" + of_lagg +
                               " is \"individual\", which leaves one port in use, but " +
                               "'min_links' is " + links +
                               "; write min_links = 1 or fallback = " + "\"static\"");
        }
    }
}

bool is_link_local(const Alias &alias) {
    return alias.v6 && alias.address[0] == 0xfe && (alias.address[1] & 0xc0) == 0x80;
}

void check_alias(const Alias &alias, const User &user, Users &seen, Complaints &complaints) {
    // The prefix length makes no second address. A link-local address is one of its interface:
    // other laggs may have the same one.
    const std::string all = to_string(alias);
    std::string address = all.substr(0, all.find('/'));
    if (is_link_local(alias)) address += '%' + std::to_string(user.lagg);
    const auto [first, fresh] = seen.try_emplace(address, user);
    if (fresh) return;
    const std::string subject = "alias " + in_quotes(all) + " of " + user.called;
    complaints.add(user.at, first->second.lagg == user.lagg
                                ? subject + " is listed twice; give each address once"
                                : subject + " is already an address of " + first->second.called +
                                      " (" + at_line(first->second.at) +
                                      "); an address belongs to one interface");
}

void check_aliases(const Document &document, Complaints &complaints) {
    Users seen;
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        const std::string called = called_of(lagg);
        for (size_t k = 0; k < lagg.aliases.size(); ++k) {
            const Position at = document.lagg(i, item_path("aliases", k));
            check_alias(lagg.aliases[k], {called, at, i}, seen, complaints);
        }
        if (lagg.aliases.empty() || lagg.upper.kind == UpperKind::KERNEL) continue;
        complaints.add(document.lagg(i, "aliases"),
                       "'aliases' of " + called + " need the kernel interface, but its upper is " +
                           in_quotes(to_text(lagg.upper.kind)) +
                           "; remove them or write upper = \"kernel\"");
    }
}

/// Complains where the rule of this number leads to a port that is not the lagg's.
void check_port_of_rule(const Config &config, const Lagg &lagg, size_t number, Position at,
                        Complaints &complaints) {
    const std::string &name = lagg.rules[number].port;
    if (std::ranges::find(lagg.ports, name) != lagg.ports.end()) return;
    const bool of_another =
        std::ranges::find(config.ports, name, &Port::name) != config.ports.end();
    const auto near = nearest(name, lagg.ports);
    std::string message = "port " + in_quotes(name) + " of rule " + std::to_string(number + 1) +
                          " is not one of " + called_of(lagg) + "'s; ";
    if (lagg.ports.empty()) {
        message += "it has none";
    } else if (near && !of_another) {
        message += "did you mean " + in_quotes(*near) + "?";
    } else {
        message += "they are " + listed(lagg.ports);
    }
    complaints.add(at, std::move(message));
}

void check_ports_of_rules(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        for (size_t k = 0; k < lagg.rules.size(); ++k) {
            // Where there is no name the reader has complained.
            if (lagg.rules[k].port.empty()) continue;
            const Position at = document.lagg(i, item_path("rules", k) + ".port");
            check_port_of_rule(document.config, lagg, k, at, complaints);
        }
    }
}

void check_device_count(const Document &document, Complaints &complaints) {
    const size_t ports = document.config.ports.size();
    if (ports <= kMaxDevices) return;
    complaints.add(document.positions.of(item_path("port", kMaxDevices)),
                   "one port too many: this file has " + std::to_string(ports) + ", and at most " +
                       std::to_string(kMaxDevices) + " are possible");
}

void check_lagg_count(const Document &document, Complaints &complaints) {
    const size_t laggs = document.config.laggs.size();
    if (laggs <= kMaxLaggs) return;
    complaints.add(document.positions.of(item_path("lagg", kMaxLaggs)),
                   "one lagg too many: this file has " + std::to_string(laggs) + ", and at most " +
                       std::to_string(kMaxLaggs) + " are possible");
}

} // namespace

void check_rules(const Config &config, const Positions &positions, Complaints &complaints) {
    const Document document{config, positions};
    check_port_names(document, complaints);
    check_devices(document, complaints);
    check_lagg_count(document, complaints);
    check_lagg_names(document, complaints);
    Users members;
    check_members(document, members, complaints);
    check_uppers(document, members, complaints);
    check_loops(document, complaints);
    check_min_links(document, complaints);
    check_lacp(document, complaints);
    check_aliases(document, complaints);
    check_ports_of_rules(document, complaints);
    check_device_count(document, complaints);
}

} // namespace lagg::config
