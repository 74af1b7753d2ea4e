// Laggs that lead to each other.
#include "control/config/cross_check_parts.hh"

#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

#include <algorithm>

namespace lagg::config {

namespace {

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
        return each.name == name && each.upper.has_interface();
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

} // namespace

/// A lagg joins its ports with its upper side, and a port that takes the kernel interface of a lagg
/// joins two laggs. Where two ways lead from one to another, frames go round for ever.
void check_loops(const Document &document, Complaints &complaints) {
    Connected connected;
    for (const Lagg &lagg : document.config.laggs) {
        for (const std::string &port : lagg.ports)
            check_loop(document, lagg, port, connected, complaints);
        if (!lagg.upper.port.empty())
            check_loop(document, lagg, lagg.upper.port, connected, complaints);
    }
}

} // namespace lagg::config
