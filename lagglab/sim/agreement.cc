#include "lagglab/sim/agreement.hh"

#include "lacp/watch.hh"

#include <algorithm>
#include <numeric>

namespace lagg::sim {

using namespace lacp;

namespace {

/// Both ends of a cable that LACP is to agree on.
struct Link {
    End ends[2];
    const PortSnapshot *ports[2];
};

std::string name(End end) {
    return std::string(1, static_cast<char>('A' + end.node)) + std::to_string(end.port);
}

std::string name(const Link &link) {
    return name(link.ends[0]) + "-" + name(link.ends[1]) + ": ";
}

std::vector<Link> links(const World &world) {
    std::vector<Link> found;
    for (const Cable &cable : world.cables) {
        if (!cable.carrier || cable.is_looped()) continue;
        const PortSnapshot *a = world.snapshot(cable.ends[0]);
        const PortSnapshot *b = world.snapshot(cable.ends[1]);
        if (a == nullptr || b == nullptr) continue;
        if (!a->parameters.lacp_enabled || !b->parameters.lacp_enabled) continue;
        if (!a->parameters.active && !b->parameters.active) continue;
        found.push_back({{cable.ends[0], cable.ends[1]}, {a, b}});
    }
    return found;
}

/// Whether `view` has recorded its partner as it is.
bool knows(const PortSnapshot &view, const PortSnapshot &partner) {
    return view.rx == RxState::CURRENT && view.partner.system == partner.actor.system &&
           view.partner.key == partner.actor.key && view.partner.port == partner.actor.port &&
           view.partner.state.aggregation == partner.actor.state.aggregation &&
           view.partner.state.synchronization == partner.actor.state.synchronization;
}

std::string disagreement(const Link &link) {
    const PortSnapshot &a = *link.ports[0];
    const PortSnapshot &b = *link.ports[1];
    if (!knows(a, b)) return name(link) + "the first end does not know the second";
    if (!knows(b, a)) return name(link) + "the second end does not know the first";
    if (a.collecting != b.collecting) return name(link) + "only one end collects";
    if (a.distributing != b.distributing) return name(link) + "only one end distributes";
    if (a.collecting != a.distributing) return name(link) + "it collects and does not distribute";
    return "";
}

bool can_carry(const Link &link) {
    return !link.ports[0]->parameters.drained && !link.ports[1]->parameters.drained;
}

bool distributes(const World &world, size_t node) {
    const std::vector<PortSnapshot> &ports = world.nodes[node].watch->snapshot().ports;
    return std::any_of(ports.begin(), ports.end(),
                       [](const PortSnapshot &p) { return p.distributing; });
}

/// Systems that can reach each other over links that can carry traffic carry some. What one of them
/// sends to nobody, because Partner_Admin says so, counts: that is what was asked for.
std::string check_somebody_carries(const World &world, const std::vector<Link> &links) {
    std::vector<size_t> island(world.nodes.size());
    std::iota(island.begin(), island.end(), size_t{0});
    for (size_t round = 0; round < world.nodes.size(); ++round)
        for (const Link &link : links)
            if (can_carry(link))
                island[link.ends[0].node] = island[link.ends[1].node] =
                    std::min(island[link.ends[0].node], island[link.ends[1].node]);
    for (const Link &wanting : links) {
        if (!can_carry(wanting)) continue;
        const bool carries = std::any_of(links.begin(), links.end(), [&](const Link &link) {
            return island[link.ends[0].node] == island[wanting.ends[0].node] &&
                   (distributes(world, link.ends[0].node) || distributes(world, link.ends[1].node));
        });
        if (!carries) return name(wanting) + "neither it nor a link near it carries traffic";
    }
    return "";
}

bool is_same_lag(const Link &x, const Link &y) {
    const auto identity = [](const Link &link, bool swapped) {
        const PortSnapshot &a = *link.ports[swapped ? 1 : 0];
        const PortSnapshot &b = *link.ports[swapped ? 0 : 1];
        return std::tuple(a.actor.system, a.actor.key, b.actor.system, b.actor.key);
    };
    const auto individual = [](const Link &link) {
        return !link.ports[0]->actor.state.aggregation || !link.ports[1]->actor.state.aggregation;
    };
    if (individual(x) || individual(y)) return x.ends[0] == y.ends[0];
    return identity(x, false) == identity(y, false) || identity(x, false) == identity(y, true);
}

/// A LAG in use has as many links as both Systems allow.
std::string check_all_carry(const World &world, const std::vector<Link> &links) {
    for (const Link &used : links) {
        if (!used.ports[0]->distributing) continue;
        size_t able = 0;
        size_t carrying = 0;
        for (const Link &link : links) {
            if (!is_same_lag(link, used) || !can_carry(link)) continue;
            ++able;
            carrying += link.ports[0]->distributing ? 1 : 0;
        }
        size_t allowed = able;
        for (const End end : used.ends) {
            const uint16_t most = world.nodes[end.node].parameters.max_links;
            if (most != 0) allowed = std::min<size_t>(allowed, most);
        }
        if (carrying != allowed)
            return name(used) + "its LAG has " + std::to_string(carrying) + " links of " +
                   std::to_string(allowed) + " it could have";
    }
    return "";
}

} // namespace

Duration convergence_bound(const World &world) {
    Duration bound = kLongTimeoutTime + kShortTimeoutTime + kSlowPeriodicTime;
    for (const Node &node : world.nodes) {
        bound += kPatienceTime + 2 * kAggregateWaitTime;
        bound += node.parameters.wait_to_restore;
        if (node.parameters.fallback != Fallback::NONE) bound += node.parameters.fallback_time;
    }
    return bound;
}

std::string disagreement(const World &world) {
    const std::vector<Link> all = links(world);
    for (const Link &link : all)
        if (const std::string what = disagreement(link); !what.empty()) return what;
    if (const std::string what = check_somebody_carries(world, all); !what.empty()) return what;
    return check_all_carry(world, all);
}

} // namespace lagg::sim
