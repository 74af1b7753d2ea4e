#include "laggd/supervisor.hh"

#include "control/config/differences.hh"
#include "control/config/values.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <random>
#include <set>

namespace lagg::daemon {

namespace {

std::shared_ptr<const bpf::Program> program_of(const PoliciesOfLaggs &policies,
                                               const std::string &lagg) {
    const auto found = policies.find(lagg);
    return found == policies.end() ? nullptr : found->second.policies.program;
}

bool has_other_program(const PoliciesOfLaggs &before, const PoliciesOfLaggs &after) {
    return std::ranges::any_of(after, [&](const auto &lagg) {
        return program_of(before, lagg.first) != lagg.second.policies.program;
    });
}

/// The lowest slot that no lagg has, among those that stay and those that are new already.
uint8_t free_slot(const Running &to) {
    std::set<uint8_t> taken;
    for (const auto &[name, lagg] : to.laggs)
        taken.insert(lagg.identity.slot);
    uint8_t slot = 0;
    while (taken.contains(slot))
        ++slot;
    return slot;
}

} // namespace

Supervisor::Supervisor(Parts parts) : parts_(std::move(parts)) {}

Supervisor::~Supervisor() {
    stop();
}

Result<void> Supervisor::start(const config::Config &config, PoliciesOfLaggs policies) {
    const Result<bool> done = change_to(config, std::move(policies), Kind::START);
    return done ? Result<void>() : done.error();
}

Result<bool> Supervisor::reload(const config::Config &config, PoliciesOfLaggs policies) {
    mend_interfaces();
    return change_to(config, std::move(policies), Kind::RELOAD);
}

bool Supervisor::stop() {
    if (running_.config == config::Config{}) return true;
    const Result<bool> done = change_to({}, {}, Kind::STOP);
    assert(done); // nothing in it can fail
    return report_unclosed();
}

// What can fail comes first and is taken back when it does: new handles are in `to` alone, and go
// with it. Only then the protocol thread hears of anything, and that part cannot fail.
Result<bool> Supervisor::change_to(const config::Config &next, PoliciesOfLaggs policies,
                                   Kind kind) {
    const Plan plan =
        plan_change(running_.config, open_ports(running_), failed_ports(running_), next);
    const bool changed = !config::differences(running_.config, next).empty() ||
                         has_other_program(running_.policies, policies);
    Running to = running_;
    to.config = next;
    to.policies = std::move(policies);
    for (const std::string &lagg : plan.laggs_removed)
        to.laggs.erase(lagg);
    number_ports(to);
    if (Result<void> prepared = prepare(plan, to, kind); !prepared) {
        to = {};
        parts_.edge.wait_closed(kCloseLimit);
        return prepared.error();
    }
    take_away(plan);
    exchange_devices(plan, to);
    const std::vector<std::string> used = used_ports(next);
    std::erase_if(to.failed, [&](const auto &port) { return !contains(used, port.first); });
    commit(plan, std::move(to), kind);
    return changed;
}

// The workers let go of what only the old state has before that is closed.
void Supervisor::commit(const Plan &plan, Running to, Kind kind) {
    bool lets_go = !plan.close.empty() || !plan.laggs_removed.empty();
    for (const auto &[name, lagg] : running_.laggs) {
        const auto after = to.laggs.find(name);
        const bool stays = after != to.laggs.end() && after->second.upper == lagg.upper;
        if (lagg.upper == nullptr || stays) continue;
        lets_go = true;
        if (kind != Kind::STOP) lagg.upper->remove_at_end();
    }
    Running before = std::exchange(running_, std::move(to));
    hear(running_);
    put_all();
    tell_what_is_new(plan, before.policies);
    if (kind != Kind::STOP) remember_identities(plan);
    if (lets_go) parts_.protocol.wait_for_workers();
    previous_ = std::move(before.config);
    before = {}; // closes what nobody has any more
    if (!plan.close.empty() && kind != Kind::STOP) report_unclosed();
    if (kind != Kind::STOP)
        for (const std::string &lagg : plan.laggs_removed)
            spdlog::info("{}: removed", lagg);
}

// ---- what can fail -----------------------------------------------------------------------------

Result<void> Supervisor::prepare(const Plan &plan, Running &to, Kind kind) {
    Undo undo;
    if (Result<void> done = allow_other_pools(to.config); !done) return done;
    if (Result<void> done = open_new_ports(plan, to, kind); !done) return done;
    // A port must take whatever its lagg's interface may send: it is first to grow, and last to
    // shrink.
    if (Result<void> done = set_mtus(to, MtuChange::GROW, undo); !done) return done;
    choose_identities(to);
    if (Result<void> done = prepare_uppers(to, undo); !done) return done;
    if (Result<void> done = set_mtus(to, MtuChange::SHRINK, undo); !done) return done;
    undo.keep();
    return {};
}

Result<void> Supervisor::open_new_ports(const Plan &plan, Running &to, Kind kind) {
    for (const std::string &name : plan.open) {
        to.failed.erase(name);
        Result<void> opened = open_port(to, name);
        if (!opened && kind == Kind::RELOAD) return opened;
        if (!opened) leave_out(to, name, opened.error());
    }
    // A port that failed before does not stand in the way of other changes.
    for (const std::string &name : plan.try_again)
        if (const Result<void> opened = open_port(to, name); !opened)
            leave_out(to, name, opened.error());
    return {};
}

Result<void> Supervisor::open_port(Running &to, const std::string &name) {
    Result<std::shared_ptr<OpenPort>> opened = parts_.edge.open_port(to.config, name);
    if (!opened) return opened.error();
    to.ports[name] = {.device = std::move(*opened), .heard_as = {}, .hearing = {}};
    to.failed.erase(name);
    return {};
}

void Supervisor::choose_identities(Running &to) {
    MacFacts facts{
        .kept = {},
        .macs = known_macs(to),
        .host_uses = [&](const std::string &device) { return parts_.edge.host_uses(device); },
        .random = random_mac};
    for (const config::Lagg &lagg : to.config.laggs) {
        const config::Lagg *before = find_lagg(running_.config, lagg.name);
        const auto running = to.laggs.find(lagg.name);
        // A configured address is not one that was chosen.
        if (running != to.laggs.end() && before != nullptr && !before->mac)
            facts.kept[lagg.name] = {running->second.identity.mac, running->second.mac_of};
        else if (const auto known = remembered_mac(parts_.state_directory, lagg.name))
            facts.kept[lagg.name] = *known;
    }
    const ChosenMacs chosen = choose_macs(to.config, facts);
    for (const config::Lagg &lagg : to.config.laggs) {
        if (!to.laggs.contains(lagg.name)) {
            const uint8_t slot = free_slot(to);
            to.laggs[lagg.name].identity = {
                .mac = {}, .hash_seed = std::random_device{}(), .slot = slot};
        }
        RunningLagg &running = to.laggs.at(lagg.name);
        running.identity.mac = chosen.at(lagg.name).mac;
        running.mac_of = chosen.at(lagg.name).device;
    }
}

/// Addresses of devices that are open, or will be when their ports have been exchanged.
std::map<std::string, MacAddress> Supervisor::known_macs(const Running &to) const {
    std::map<std::string, MacAddress> macs;
    const auto add = [&macs](const Running &in, const std::string &name) {
        macs[config::device_identity(find_port(in.config, name).device)] =
            in.ports.at(name).device->attached().mac;
    };
    for (const std::string &name : open_ports(running_))
        add(running_, name);
    for (const std::string &name : open_ports(to))
        if (!running_.ports.contains(name)) add(to, name);
    return macs;
}

Result<void> Supervisor::prepare_uppers(Running &to, Undo &undo) {
    for (const config::Lagg &lagg : to.config.laggs) {
        RunningLagg &running = to.laggs.at(lagg.name);
        const config::Lagg *known = find_lagg(running_.config, lagg.name);
        const bool stays = known != nullptr && known->upper == lagg.upper;
        const kernel::Want want = want_for(lagg, to);
        if (const std::shared_ptr<OpenUpper> upper = running.upper; upper != nullptr && stays) {
            const kernel::Want before = upper->want();
            if (Result<void> changed = upper->change(want); !changed) return changed;
            undo.on_failure([upper, before] {
                if (Result<void> back = upper->change(before); !back)
                    spdlog::error("{}", back.error().message);
            });
            continue;
        }
        Result<std::shared_ptr<OpenUpper>> opened = parts_.edge.open_upper(lagg, want);
        if (!opened) return opened.error();
        running.upper = std::move(*opened);
        running.upper_problem.clear();
    }
    return {};
}

// ---- what cannot fail --------------------------------------------------------------------------

// Partners hear that ports leave before the ports do, and the workers let go before a device is
// closed.
void Supervisor::take_away(const Plan &plan) {
    if (plan.leave.empty() && plan.without_upper.empty()) return;
    std::vector<aggregation::WantedLagg> cut_off;
    for (const std::string &name : plan.without_upper) {
        cut_off.push_back(wanted(running_, *find_lagg(running_.config, name)));
        cut_off.back().upper = {};
    }
    if (!cut_off.empty()) parts_.protocol.put(cut_off);
    parts_.protocol.leave(plan.leave);
    if (!parts_.protocol.wait_settled(kGoodbyeLimit))
        spdlog::warn("a device is slow to send the last LACPDUs");
    parts_.protocol.take_off(plan.leave);
    parts_.protocol.wait_for_workers();
}

void Supervisor::exchange_devices(const Plan &plan, Running &to) {
    for (const std::string &name : plan.close)
        to.ports.erase(name);
    if (plan.exchange.empty()) return;
    for (const std::string &name : plan.close)
        running_.ports.erase(name);
    report_unclosed();
    for (const std::string &name : plan.exchange)
        if (const Result<void> opened = open_port(to, name); !opened)
            leave_out(to, name, opened.error());
}

void Supervisor::hear(Running &in) {
    for (const config::Lagg &lagg : in.config.laggs)
        for (const std::string &name : lagg.ports) {
            const MacAddress mac = in.laggs.at(lagg.name).identity.mac;
            const auto open = in.ports.find(name);
            if (open == in.ports.end() || open->second.heard_as == mac) continue;
            RunningPort &port = open->second;
            port.hearing = port.device->hear(mac);
            port.heard_as = mac;
            if (port.hearing.lagg.empty())
                spdlog::warn("{}: {}: its device takes no frames for the lagg's address {}",
                             lagg.name, name, to_string(mac));
            if (port.hearing.slow.empty())
                spdlog::warn("{}: {}: its device takes no frames for the group of slow protocols, "
                             "so LACP hears no partner there",
                             lagg.name, name);
        }
}

void Supervisor::put(const std::vector<std::string> &laggs) {
    std::vector<aggregation::WantedLagg> all;
    for (const std::string &name : laggs)
        all.push_back(wanted(running_, *find_lagg(running_.config, name)));
    if (!all.empty()) parts_.protocol.put(all);
}

void Supervisor::put_all() {
    std::vector<std::string> names;
    for (const config::Lagg &lagg : running_.config.laggs)
        names.push_back(lagg.name);
    put(names);
    for (auto &[name, lagg] : running_.laggs)
        if (lagg.upper) lagg.upper->keep();
}

void Supervisor::tell_what_is_new(const Plan &plan, const PoliciesOfLaggs &before) const {
    for (const config::Lagg &lagg : running_.config.laggs) {
        if (contains(plan.laggs_added, lagg.name))
            spdlog::info("{}: {} over {} ports, MTU {}, MAC {}, upper {}", lagg.name,
                         to_text(lagg.protocol), lagg.ports.size(), lagg.mtu,
                         to_string(running_.laggs.at(lagg.name).identity.mac),
                         upper_of(running_, lagg).text);
        const auto program = program_of(running_.policies, lagg.name);
        if (program != nullptr && program != program_of(before, lagg.name))
            spdlog::info("{}: obeys program {} of {}, {} instructions", lagg.name, program->name(),
                         program->path(), program->instructions());
    }
}

void Supervisor::remember_identities(const Plan &plan) const {
    for (const config::Lagg &lagg : running_.config.laggs) {
        const RunningLagg &running = running_.laggs.at(lagg.name);
        if (!lagg.mac)
            remember_mac(parts_.state_directory, lagg.name, {running.identity.mac, running.mac_of});
    }
    for (const std::string &lagg : plan.laggs_removed)
        forget_mac(parts_.state_directory, lagg);
}

/// True when there are none.
bool Supervisor::report_unclosed() {
    const std::vector<std::string> ports = parts_.edge.wait_closed(kCloseLimit);
    for (const std::string &port : ports)
        spdlog::error("port {}: its device does not let itself be closed", port);
    return ports.empty();
}

kernel::Want Supervisor::want_for(const config::Lagg &lagg, const Running &in) const {
    return {.mtu = lagg.mtu,
            .mac = in.laggs.at(lagg.name).identity.mac,
            .description = lagg.description,
            .aliases = lagg.aliases};
}

} // namespace lagg::daemon
