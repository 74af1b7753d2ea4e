// What may be used once, and what has to be there.
#include "control/config/cross_check_parts.hh"

#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

#include <algorithm>

namespace lagg::config {

namespace {

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
        if (lagg.upper.port.empty()) continue;
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
        for (size_t k = 0; k < lagg.aliases.size(); ++k) {
            const Position at = document.lagg(i, item_path("aliases", k));
            check_alias(lagg.aliases[k], {called_of(lagg), at, i}, seen, complaints);
        }
    }
}

} // namespace

void check_names(const Document &document, Complaints &complaints) {
    check_port_names(document, complaints);
    check_devices(document, complaints);
    check_lagg_names(document, complaints);
    Users members;
    check_members(document, members, complaints);
    check_uppers(document, members, complaints);
    check_aliases(document, complaints);
}

} // namespace lagg::config
