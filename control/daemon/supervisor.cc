#include "control/daemon/supervisor.hh"

#include "control/config/values.hh"
#include "control/daemon/checked_load.hh"
#include "control/daemon/logging.hh"
#include "dataplane/files/system_error.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <set>

namespace lagg::daemon {

namespace {

using aggregation::Engine;
using lacp::Time;

const config::Port &find_port(const config::Config &config, const std::string &name) {
    const auto found = std::ranges::find(config.ports, name, &config::Port::name);
    assert(found != config.ports.end()); // the configuration was validated
    return *found;
}

/// Ports that some lagg uses, in the order of the file. A [[port]] that none uses is left alone.
std::vector<std::string> used_ports(const config::Config &config) {
    std::set<std::string> used;
    for (const config::Lagg &lagg : config.laggs) {
        used.insert(lagg.ports.begin(), lagg.ports.end());
        if (lagg.upper.kind == config::UpperKind::PORT) used.insert(lagg.upper.port);
    }
    std::vector<std::string> ordered;
    for (const config::Port &port : config.ports)
        if (used.contains(port.name)) ordered.push_back(port.name);
    return ordered;
}

bool contains(const std::vector<std::string> &list, const std::string &name) {
    return std::ranges::find(list, name) != list.end();
}

bool is_member(const config::Config &config, const std::string &port) {
    return std::ranges::any_of(
        config.laggs, [&](const config::Lagg &lagg) { return contains(lagg.ports, port); });
}

uint32_t random_seed() {
    return std::random_device{}();
}

MacAddress random_mac() {
    std::random_device random;
    MacAddress mac{};
    for (uint8_t &octet : mac)
        octet = static_cast<uint8_t>(random());
    mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 0x02); // locally administered, not a group
    return mac;
}

} // namespace

const config::Lagg *find_lagg(const config::Config &config, const std::string &name) {
    const auto found = std::ranges::find(config.laggs, name, &config::Lagg::name);
    return found == config.laggs.end() ? nullptr : &*found;
}

bool is_used(const config::Config &config, const std::string &port) {
    return contains(used_ports(config), port);
}

Supervisor::Supervisor(Parts parts) : parts_(std::move(parts)) {}

Supervisor::~Supervisor() {
    stop();
}

Result<void> Supervisor::start(const config::Config &config, const config::Positions &positions) {
    if (const Result<bool> done = change_to(config, positions, true); !done) return done.error();
    std::vector<unsigned> in_use;
    for (const auto &[name, open] : ports_)
        in_use.push_back(open.port->interface_index());
    for (const std::string &interface :
         kernel::put_back_left_over(parts_.netlink, parts_.state_directory, in_use))
        spdlog::info("{}: it is as it was before a laggd that was killed had it", interface);
    return {};
}

Result<bool> Supervisor::reload(const config::Config &config, const config::Positions &positions) {
    mend_interfaces();
    return change_to(config, positions, false);
}

// What can fail comes first and is taken back when it does; only then the protocol thread hears of
// anything, and that part cannot fail.
Result<bool> Supervisor::change_to(const config::Config &next, const config::Positions &positions,
                                   bool tolerant) {
    const config::Changes changes = config::diff(config_, next);
    Result<PoliciesOfLaggs> policies =
        load_policies(next, policies_, parts_.config_file, positions);
    if (!policies) return policies.error();
    Undo undo;
    undo.on_failure([this] {
        new_identities_.clear();
        for (auto &[name, upper] : new_uppers_)
            KernelUpper::take_back(std::move(upper));
        new_uppers_.clear();
    });
    if (Result<void> done = allow_other_pools(next); !done) return done.error();
    if (Result<void> done = open_ports(next, tolerant, undo); !done) return done.error();
    // A port must take whatever its lagg's interface may send: it is first to grow, and last to
    // shrink.
    if (Result<void> done = set_mtus(next, MtuChange::GROW, undo); !done) return done.error();
    if (Result<void> done = prepare_uppers(next, undo); !done) return done.error();
    if (Result<void> done = set_mtus(next, MtuChange::SHRINK, undo); !done) return done.error();
    undo.keep();
    take_away(next, changes);
    exchange_devices(next);
    const bool changed =
        !changes.empty() || std::ranges::any_of(next.laggs, [&](const config::Lagg &lagg) {
            return has_other_program(lagg.name, *policies);
        });
    give(next, changes, *policies);
    close_unused(next, changes);
    config_ = next;
    policies_ = std::move(*policies);
    return changed;
}

// ---- what can fail
// -------------------------------------------------------------------------------

Result<void> Supervisor::open_ports(const config::Config &next, bool tolerant, Undo &undo) {
    for (const std::string &name : used_ports(next)) {
        if (has_to_wait(next, name) || ports_.contains(name)) continue;
        const auto known = failed_.find(name);
        const std::optional<std::string> failure =
            known == failed_.end() ? std::nullopt : std::optional(known->second);
        if (Result<void> opened = open_port(next, name); !opened) {
            // A port that failed before does not stand in the way of other changes.
            if (!tolerant && !failure) return opened;
            leave_out(name, opened.error());
        } else {
            undo.on_failure([this, name, failure] {
                ports_.erase(name);
                if (failure) failed_[name] = *failure;
            });
        }
    }
    return {};
}

void Supervisor::leave_out(const std::string &port, const Error &why) {
    spdlog::error("{}; it is left out and tried again every 5 s", why.message);
    failed_[port] = why.message;
}

// A device that is open already under another name, or a port that changes its device, can be
// opened only after the one before was closed, and that is after the point of no return.
bool Supervisor::has_to_wait(const config::Config &next, const std::string &port) const {
    const config::Port &wanted = find_port(next, port);
    const std::string &device = wanted.device;
    for (const config::Port &open : config_.ports) {
        if (!ports_.contains(open.name)) continue;
        if (open.name == port && (open.device != device || open.descriptors != wanted.descriptors))
            return true;
        if (open.name != port &&
            config::device_identity(open.device) == config::device_identity(device))
            return true;
    }
    return false;
}

void Supervisor::exchange_devices(const config::Config &next) {
    std::vector<std::string> waiting;
    for (const std::string &name : used_ports(next))
        if (has_to_wait(next, name)) waiting.push_back(name);
    if (waiting.empty()) return;
    for (const config::Port &open : config_.ports) {
        const bool goes = std::ranges::any_of(waiting, [&](const std::string &name) {
            return name == open.name || config::device_identity(find_port(next, name).device) ==
                                            config::device_identity(open.device);
        });
        if (goes && ports_.contains(open.name)) close_port(open.name);
    }
    report_unclosed(undertaker_.wait(kCloseLimit));
    for (const std::string &name : waiting)
        if (Result<void> opened = open_port(next, name); !opened) leave_out(name, opened.error());
}

Result<void> Supervisor::open_port(const config::Config &next, const std::string &name) {
    const config::Port &port = find_port(next, name);
    const port::Device device = port::parse_device(port.device, name);
    OpenPort open;
    if (Result<void> there = check_device(next, port); !there)
        return Error{fmt::format("port {}: {}", name, there.error().message)};
    if (port::opens_interface(device)) {
        const Result<unsigned> index = interface_index(device.interface);
        if (!index) return Error{fmt::format("port {}: {}", name, index.error().message)};
        auto ownership = kernel::Ownership::take("port", device.interface, *index);
        if (!ownership) return Error{fmt::format("port {}: {}", name, ownership.error().message)};
        open.ownership = std::move(*ownership);
        Result<std::unique_ptr<kernel::Quieted>> quieted =
            kernel::Quieted::quieten(parts_.netlink, device.interface, parts_.state_directory);
        if (!quieted) return Error{fmt::format("port {}: {}", name, quieted.error().message)};
        open.quieted = std::move(*quieted);
    }
    if (undertaker_.has(device.name))
        return Error{
            fmt::format("port {}: its device {} is still being closed", name, device.name)};
    take_dpdk_complaints(); // old ones would be blamed on this port
    Result<std::unique_ptr<port::Port>> opened =
        port::Port::open({.name = name,
                          .device = device,
                          .queues = static_cast<uint16_t>(parts_.workers),
                          .descriptors = port.descriptors,
                          .mtu = mtu_of(next, name),
                          .events = parts_.protocol.link_events(),
                          .one_pool = has_one_pool(next),
                          .slow_queue = is_member(next, name)},
                         parts_.pool);
    if (!opened) return with_dpdk_reason(opened.error());
    open.port = std::move(*opened);
    spdlog::info("port {}: starting {}", name, open.port->driver());
    if (Result<void> started = open.port->start(); !started)
        return with_dpdk_reason(started.error());
    if (const std::string &why = open.port->slow_queue_problem(); !why.empty())
        spdlog::debug("port {}: LACPDUs have no receive queue of their own: {}", name, why);
    open.complaints = take_dpdk_complaints();
    for (const std::string &complaint : open.complaints)
        spdlog::warn("port {}: it is open, but DPDK says: {}", name, complaint);
    spdlog::info("port {}: {} open, MAC {}, {} queue{}, link state from {}", name,
                 open.port->driver(), to_string(open.port->mac()), open.port->queues(),
                 open.port->queues() == 1 ? "" : "s", to_text(open.port->link_source()));
    failed_.erase(name);
    ports_.emplace(name, std::move(open));
    return {};
}

Result<void> Supervisor::prepare_uppers(const config::Config &next, Undo &undo) {
    for (const config::Lagg &lagg : next.laggs) {
        const auto running = laggs_.find(lagg.name);
        const bool exists = running != laggs_.end();
        aggregation::Identity identity = exists ? running->second.identity : new_identity(next);
        identity.mac = mac_for(lagg, exists ? &running->second.identity : nullptr);
        new_identities_[lagg.name] = identity;
        if (!kernel_wanted(lagg)) continue;
        const kernel::Want want = want_for(lagg, identity.mac);
        if (exists && running->second.kernel) {
            KernelUpper *upper = running->second.kernel.get();
            const kernel::Want before = upper->want();
            if (Result<void> changed = upper->change(want); !changed) return changed;
            undo.on_failure([upper, before] {
                if (Result<void> back = upper->change(before); !back)
                    spdlog::error("{}", back.error().message);
            });
            continue;
        }
        Result<std::unique_ptr<KernelUpper>> upper =
            KernelUpper::open(lagg.name, want, static_cast<uint16_t>(parts_.workers), parts_.pool,
                              parts_.netlink, parts_.state_directory);
        if (!upper) return upper.error();
        new_uppers_[lagg.name] = std::move(*upper);
    }
    return {};
}

// ---- what cannot fail
// ----------------------------------------------------------------------------

// Partners hear that ports leave before the ports do, and the workers let go before a device is
// closed.
void Supervisor::take_away(const config::Config &next, const config::Changes &changes) {
    struct Leaving {
        std::string lagg;
        std::string port; ///< empty: the whole lagg goes
    };
    std::vector<Leaving> leaving;
    for (const std::string &lagg : changes.laggs_removed)
        leaving.push_back({lagg, {}});
    for (const config::Lagg &lagg : config_.laggs) {
        const config::Lagg *after = find_lagg(next, lagg.name);
        if (after == nullptr) continue;
        for (const std::string &port : lagg.ports)
            if (!contains(after->ports, port) || contains(changes.ports_removed, port))
                leaving.push_back({lagg.name, port});
    }
    std::vector<std::string>
        without_upper; // laggs that come out elsewhere, or at a device about to be closed
    for (const config::Lagg &lagg : config_.laggs) {
        const config::Lagg *after = find_lagg(next, lagg.name);
        if (after == nullptr || lagg.upper.kind != config::UpperKind::PORT) continue;
        if (after->upper != lagg.upper || contains(changes.ports_removed, lagg.upper.port))
            without_upper.push_back(lagg.name);
    }
    if (leaving.empty() && without_upper.empty()) return;
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const std::string &lagg : without_upper)
            engine.set_upper(lagg, {}, now);
        for (const Leaving &one : leaving)
            engine.leave(one.lagg, one.port, now);
    });
    if (!parts_.protocol.wait_settled(kGoodbyeLimit))
        spdlog::warn("a device is slow to send the last LACPDUs");
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const Leaving &one : leaving) {
            if (one.port.empty())
                engine.remove_lagg(one.lagg, now);
            else
                engine.detach(one.lagg, one.port, now);
        }
    });
    parts_.protocol.wait_for_workers();
    for (const std::string &lagg : changes.laggs_removed)
        spdlog::info("{}: removed", lagg);
}

bool Supervisor::has_other_program(const std::string &lagg, const PoliciesOfLaggs &policies) const {
    const auto before = policies_.find(lagg);
    const auto &now = policies.at(lagg).policies.program;
    return (before == policies_.end() ? nullptr : before->second.policies.program) != now;
}

void Supervisor::give(const config::Config &next, const config::Changes &changes,
                      const PoliciesOfLaggs &policies) {
    for (const config::Lagg &lagg : next.laggs) {
        const bool is_new = !laggs_.contains(lagg.name);
        RunningLagg &running = laggs_[lagg.name];
        running.identity = new_identities_.at(lagg.name);
        std::unique_ptr<KernelUpper> old_upper;
        if (const auto upper = new_uppers_.find(lagg.name); upper != new_uppers_.end()) {
            running.kernel = std::move(upper->second);
            failed_interfaces_.erase(lagg.name);
        } else if (!kernel_wanted(lagg)) {
            old_upper = std::move(running.kernel);
            failed_interfaces_.erase(lagg.name);
        }
        const aggregation::UpperDevice upper = upper_device(lagg);
        const bool changed =
            std::ranges::find(changes.laggs_changed, lagg.name, &config::LaggChanges::name) !=
                changes.laggs_changed.end() ||
            has_other_program(lagg.name, policies);
        const aggregation::Policies &obeyed = policies.at(lagg.name).policies;
        std::vector<aggregation::AttachedPort> ports;
        for (const std::string &port : lagg.ports)
            if (ports_.contains(port)) ports.push_back(describe(next, port));
        parts_.protocol.call([&](Engine &engine, Time now) {
            if (is_new) {
                engine.add_lagg(lagg, running.identity, upper, now, obeyed);
            } else if (changed) {
                engine.reconfigure(lagg, running.identity, now, obeyed, ports);
            }
            engine.set_upper(lagg.name, upper, now);
        });
        for (const std::string &port : lagg.ports)
            attach(next, lagg, port);
        if (old_upper) {
            parts_.protocol.wait_for_workers();
            if (Result<void> gone = KernelUpper::remove(std::move(old_upper)); !gone)
                spdlog::error("{}", gone.error().message);
        }
        if (is_new)
            spdlog::info("{}: {} over {} ports, MTU {}, MAC {}, upper {}", lagg.name,
                         to_text(lagg.protocol), lagg.ports.size(), lagg.mtu,
                         to_string(running.identity.mac), upper.text);
        if (obeyed.program != nullptr && has_other_program(lagg.name, policies))
            spdlog::info("{}: obeys program {} of {}, {} instructions", lagg.name,
                         obeyed.program->name(), obeyed.program->path(),
                         obeyed.program->instructions());
    }
    new_uppers_.clear();
    new_identities_.clear();
}

void Supervisor::attach(const config::Config &config, const config::Lagg &lagg,
                        const std::string &port) {
    if (!ports_.contains(port)) {
        parts_.protocol.call([&](Engine &engine, Time) {
            engine.note_problem(lagg.name, port, find_port(config, port).device, failed_[port]);
        });
        return;
    }
    aggregation::AttachedPort attached = describe(config, port);
    attached.hearing = ports_.at(port).port->hear(laggs_.at(lagg.name).identity.mac);
    if (attached.hearing.lagg.empty())
        spdlog::warn("{}: {}: its device takes no frames for the lagg's address {}", lagg.name,
                     port, to_string(laggs_.at(lagg.name).identity.mac));
    if (attached.hearing.slow.empty())
        spdlog::warn("{}: {}: its device takes no frames for the group of slow protocols, so LACP "
                     "hears no partner there",
                     lagg.name, port);
    parts_.protocol.call([&](Engine &engine, Time now) {
        if (engine.has_port(lagg.name, port))
            engine.update(lagg.name, attached, now);
        else
            engine.attach(lagg.name, attached, now);
    });
}

void Supervisor::close_unused(const config::Config &next, const config::Changes &changes) {
    const std::vector<std::string> used = used_ports(next);
    std::erase_if(failed_, [&](const auto &failed) { return !contains(used, failed.first); });
    std::vector<std::string> unused;
    for (const auto &[name, open] : ports_)
        if (!contains(used, name)) unused.push_back(name);
    if (unused.empty() && changes.laggs_removed.empty()) return;
    parts_.protocol.wait_for_workers();
    for (const std::string &name : unused)
        close_port(name);
    report_unclosed(undertaker_.wait(kCloseLimit));
    for (const std::string &name : changes.laggs_removed) {
        const auto running = laggs_.find(name);
        if (running->second.kernel)
            if (Result<void> gone = KernelUpper::remove(std::move(running->second.kernel)); !gone)
                spdlog::error("{}", gone.error().message);
        laggs_.erase(running);
        failed_interfaces_.erase(name);
    }
}

bool Supervisor::stop() {
    if (laggs_.empty()) return true;
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const auto &[name, lagg] : laggs_)
            engine.leave(name, {}, now);
    });
    parts_.protocol.wait_settled(kGoodbyeLimit);
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const auto &[name, lagg] : laggs_)
            engine.remove_lagg(name, now);
    });
    parts_.protocol.wait_for_workers();
    laggs_.clear();
    policies_.clear();
    while (!ports_.empty())
        close_port(std::string(ports_.begin()->first));
    config_ = {};
    return report_unclosed(undertaker_.wait(kCloseLimit));
}

// ---- small answers
// -------------------------------------------------------------------------------

bool Supervisor::kernel_wanted(const config::Lagg &lagg) const {
    return lagg.upper.kind == config::UpperKind::KERNEL && parts_.no_kernel_interface.empty();
}

kernel::Want Supervisor::want_for(const config::Lagg &lagg, const MacAddress &mac) const {
    return {.mtu = lagg.mtu, .mac = mac, .description = lagg.description, .aliases = lagg.aliases};
}

aggregation::UpperDevice Supervisor::upper_device(const config::Lagg &lagg) const {
    if (lagg.upper.kind == config::UpperKind::KERNEL) {
        const auto running = laggs_.find(lagg.name);
        if (running == laggs_.end()) return {};
        if (!running->second.kernel) {
            const auto failed = failed_interfaces_.find(lagg.name);
            if (failed == failed_interfaces_.end()) return {};
            return {.text = fmt::format("kernel:{} ({})", lagg.name, failed->second)};
        }
        const KernelUpper &kernel = *running->second.kernel;
        return {.device = worker::tap_endpoint(running->second.identity.slot),
                .tap = kernel.tap(),
                .interface_index = kernel.index(),
                .queues = kernel.tap()->queues(),
                .text = fmt::format("kernel:{}{}", kernel.interface(),
                                    kernel.index() == 0 ? " (in another namespace)" : "")};
    }
    if (lagg.upper.kind == config::UpperKind::PORT) {
        const auto open = ports_.find(lagg.upper.port);
        if (open == ports_.end())
            return {.text = fmt::format("port:{} (not open)", lagg.upper.port)};
        const port::Port &port = *open->second.port;
        return {.device = port.device(),
                .interface_index = port.interface_index(),
                .port = lagg.upper.port,
                .watch = port.watch(),
                .queues = port.queues(),
                .slow_queue = port.has_slow_queue(),
                .text = "port:" + lagg.upper.port};
    }
    return {};
}

aggregation::AttachedPort Supervisor::describe(const config::Config &config,
                                               const std::string &name) {
    const config::Port &configured = find_port(config, name);
    const port::Port &port = *ports_.at(name).port;
    return {.name = name,
            .device_text = configured.device,
            .driver = port.driver(),
            .device = port.device(),
            .number = number_for(config, name),
            .mac = port.mac(),
            .queues = port.queues(),
            .slow_queue = port.has_slow_queue(),
            .rx_descriptors = port.rx_descriptors(),
            .link_source = port.link_source(),
            .interface_index = port.interface_index(),
            .watch = port.watch(),
            .packets = port.packet_socket(),
            .hearing = {},
            .features = port.features(),
            .complaints = ports_.at(name).complaints,
            .is_pci = port.is_pci(),
            .frees_fast = port.frees_fast(),
            .lacp = configured.lacp,
            .weight = configured.weight};
}

aggregation::Identity Supervisor::new_identity(const config::Config &next) const {
    std::set<uint8_t> taken;
    for (const auto &[name, running] : laggs_) // a lagg that goes is gone before the new one comes
        if (find_lagg(next, name) != nullptr) taken.insert(running.identity.slot);
    for (const auto &[name, identity] : new_identities_)
        taken.insert(identity.slot);
    uint8_t slot = 0;
    while (taken.contains(slot))
        ++slot;
    return {.mac = {}, .hash_seed = random_seed(), .slot = slot};
}

// The first port's address, as lagg(4) does. While the lagg runs it stays for as long as it can,
// because a new address is a new system to the partner: when that port comes late or fails, and
// when the order changes; but not when the port it belongs to has left, and may be in use
// elsewhere.
MacAddress Supervisor::mac_for(const config::Lagg &lagg,
                               const aggregation::Identity *present) const {
    if (lagg.mac) return *lagg.mac;
    const config::Lagg *before = find_lagg(config_, lagg.name);
    const bool owner_left = std::ranges::any_of(ports_, [&](const auto &open) {
        return present != nullptr && open.second.port->mac() == present->mac &&
               !contains(lagg.ports, open.first);
    });
    if (present != nullptr && before != nullptr && !before->mac && !owner_left) return present->mac;
    for (const std::string &name : lagg.ports)
        if (const auto open = ports_.find(name); open != ports_.end())
            return open->second.port->mac();
    return present != nullptr ? present->mac : random_mac();
}

// By the place in the file, so that a number is the same after every start.
lacp::PortNumber Supervisor::number_for(const config::Config &config, const std::string &name) {
    if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
    std::set<lacp::PortNumber> taken;
    for (const auto &[other, number] : numbers_)
        taken.insert(number);
    const auto place =
        std::ranges::find(config.ports, name, &config::Port::name) - config.ports.begin();
    auto number = static_cast<lacp::PortNumber>(place + 1);
    while (taken.contains(number))
        ++number;
    numbers_[name] = number;
    return number;
}

uint16_t Supervisor::mtu_of(const config::Config &config, const std::string &port) const {
    for (const config::Lagg &lagg : config.laggs)
        if (contains(lagg.ports, port) ||
            (lagg.upper.kind == config::UpperKind::PORT && lagg.upper.port == port))
            return lagg.mtu;
    return config::kDefaultMtu;
}

} // namespace lagg::daemon
