// From what the kernel has to what the configuration wants: pure, so that the order can be tested.
#include "control/kernel/interface.hh"

#include <algorithm>

namespace lagg::kernel {

namespace {

using Aliases = std::vector<config::Alias>;

bool contains(const Aliases &aliases, const config::Alias &alias) {
    return std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
}

void plan_removals(std::vector<Change> &changes, const Have &have, const Want &want,
                   const Aliases &ours) {
    for (const config::Alias &alias : have.aliases)
        if (contains(ours, alias) && !contains(want.aliases, alias))
            changes.emplace_back(RemoveAlias{alias});
}

/// In the order of the configuration: the first IPv4 address of a subnet is the one the kernel
/// prefers as a source. An alias written twice is added once.
void plan_additions(std::vector<Change> &changes, const Have &have, const Want &want) {
    Aliases present = have.aliases;
    for (const config::Alias &alias : want.aliases) {
        if (contains(present, alias)) continue;
        changes.emplace_back(AddAlias{alias});
        present.push_back(alias);
    }
}

struct Describe {
    std::string operator()(const SetMtu &change) const {
        return "MTU " + std::to_string(change.mtu);
    }
    std::string operator()(const SetMac &change) const {
        return "MAC " + lagg::to_string(change.mac);
    }
    std::string operator()(const SetDescription &change) const {
        return "description \"" + change.description + "\"";
    }
    std::string operator()(const AddAlias &change) const {
        return "address " + config::to_string(change.alias);
    }
    std::string operator()(const RemoveAlias &change) const {
        return "removal of address " + config::to_string(change.alias);
    }
    std::string operator()(const SetUp &) const { return "state up"; }
};

} // namespace

std::vector<Change> plan(const Have &have, const Want &want, const Aliases &ours) {
    std::vector<Change> changes;
    // The MTU goes first because below 1280 octets an interface takes no IPv6 address.
    if (have.mtu != want.mtu) changes.emplace_back(SetMtu{want.mtu});
    if (have.description != want.description)
        changes.emplace_back(SetDescription{want.description});
    // The MAC before the interface comes up, as its IPv6 link-local address is made from it then.
    if (have.mac != want.mac) changes.emplace_back(SetMac{want.mac});
    // Removals before additions: IPv6 does not take one address with two prefix lengths, so that a
    // change of the length is the removal of the old one and then the addition.
    plan_removals(changes, have, want, ours);
    plan_additions(changes, have, want);
    if (!have.up) changes.emplace_back(SetUp{});
    return changes;
}

std::string to_string(const Change &change) {
    return std::visit(Describe{}, change);
}

} // namespace lagg::kernel
