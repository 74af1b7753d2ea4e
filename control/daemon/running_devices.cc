// What is done to the devices of ports while their laggs carry traffic: MTUs, emptying queues,
// devices that are lost and that come back, closing.
#include "control/daemon/supervisor.hh"

#include "control/daemon/logging.hh"
#include "dataplane/port/link_watch.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

namespace lagg::daemon {

namespace {

using aggregation::Engine;
using lacp::Time;

/// How long a port that carried traffic may take until it does again, before the next one is
/// restarted. LACP takes a little more than the 2 s of its aggregate_wait_time.
constexpr std::chrono::milliseconds kBackLimit(6000);
constexpr std::chrono::milliseconds kLookPeriod(20);

bool is_member(const config::Lagg &lagg, const std::string &port) {
    return std::ranges::find(lagg.ports, port) != lagg.ports.end();
}

bool comes_out_at(const config::Lagg &lagg, const std::string &port) {
    return lagg.upper.kind == config::UpperKind::PORT && lagg.upper.port == port;
}

} // namespace

Error with_dpdk_reason(Error error) {
    if (const auto complaints = take_dpdk_complaints(); !complaints.empty())
        error.message += " (DPDK says: " + complaints.front() + ")";
    return error;
}

bool report_unclosed(const std::vector<std::string> &ports) {
    for (const std::string &port : ports)
        spdlog::error("port {}: its device does not let itself be closed", port);
    return ports.empty();
}

// Ports of net_af_xdp receive into a pool of their own, and rings hand on buffers of anybody's.
bool has_one_pool(const config::Config &config) {
    return std::ranges::none_of(config.ports, [](const config::Port &port) {
        return port.device.starts_with("net_af_xdp") || port.device.starts_with("net_ring");
    });
}

// ---- a device that has to be stopped -----------------------------------------------------------

std::vector<const config::Lagg *> Supervisor::laggs_over(const std::string &port) const {
    std::vector<const config::Lagg *> laggs;
    for (const config::Lagg &lagg : config_.laggs)
        if (is_member(lagg, port)) laggs.push_back(&lagg);
    return laggs;
}

/// Returns when no worker uses the device any more.
void Supervisor::pause(const std::string &name) {
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const config::Lagg &lagg : config_.laggs) {
            if (is_member(lagg, name)) engine.pause(lagg.name, name, now);
            if (comes_out_at(lagg, name)) engine.set_upper(lagg.name, {}, now);
        }
    });
    parts_.protocol.wait_for_workers();
}

void Supervisor::resume(const std::string &name) {
    const port::Port &port = *ports_.at(name).port;
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const config::Lagg &lagg : config_.laggs) {
            if (is_member(lagg, name))
                engine.resume(lagg.name, name, port.watch(), port.features(), now);
            if (comes_out_at(lagg, name)) engine.set_upper(lagg.name, upper_device(lagg), now);
        }
    });
}

// The partner is told first, so that it loses nothing, and the port comes back before anybody goes
// on to the next one: the lagg stays up with the others.
Result<void>
Supervisor::change_while_stopped(const std::string &name,
                                 const std::function<Result<void>(port::Port &)> &change) {
    port::Port &port = *ports_.at(name).port;
    const bool carried = carries(name);
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const config::Lagg *lagg : laggs_over(name))
            engine.leave(lagg->name, name, now);
    });
    if (!parts_.protocol.wait_settled(kGoodbyeLimit))
        spdlog::warn("port {}: its device is slow to send the last LACPDU", name);
    pause(name);
    Result<void> done = port.stop();
    if (done) done = change(port);
    const Result<void> started = port.start_again();
    if (!started) {
        // Without its device the port is one of those that failed.
        spdlog::error("{}", with_dpdk_reason(started.error()).message);
        lost_device(name, "does not start again");
        return done ? started : done;
    }
    resume(name);
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const config::Lagg *lagg : laggs_over(name))
            engine.come_back(lagg->name, name, now);
    });
    if (carried && !wait_until_it_carries(name))
        spdlog::warn("port {}: it carried traffic before its device was restarted, and does not "
                     "after {} s",
                     name, kBackLimit.count() / 1000);
    return done;
}

bool Supervisor::carries(const std::string &name) {
    bool found = false;
    parts_.protocol.call([&](Engine &engine, Time) {
        for (const config::Lagg *lagg : laggs_over(name))
            found = found || engine.distributes(lagg->name, name);
    });
    return found;
}

bool Supervisor::wait_until_it_carries(const std::string &name) {
    const auto deadline = std::chrono::steady_clock::now() + kBackLimit;
    while (!carries(name)) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(kLookPeriod);
    }
    return true;
}

// ---- MTU ---------------------------------------------------------------------------------------

Result<void> Supervisor::set_mtu(const std::string &name, uint16_t mtu) {
    port::Port &port = *ports_.at(name).port;
    take_dpdk_complaints();
    Result<void> done =
        port.restarts_for_mtu()
            ? change_while_stopped(name, [mtu](port::Port &open) { return open.set_mtu(mtu); })
            : port.set_mtu(mtu);
    if (!done) return with_dpdk_reason(done.error());
    if (port.restarts_for_mtu()) spdlog::info("port {}: restarted with MTU {}", name, mtu);
    return {};
}

Result<void> Supervisor::set_mtus(const config::Config &next, MtuChange change, Undo &undo) {
    std::vector<std::string> names;
    for (const config::Port &port : next.ports)
        if (is_used(next, port.name) && ports_.contains(port.name)) names.push_back(port.name);
    for (const std::string &name : names) {
        if (!ports_.contains(name)) continue;
        const uint16_t before = ports_.at(name).port->mtu();
        const uint16_t wanted = mtu_of(next, name);
        if (before == wanted || (wanted > before) != (change == MtuChange::GROW)) continue;
        undo.on_failure([this, name, before] {
            if (!ports_.contains(name) || ports_.at(name).port->mtu() == before) return;
            if (Result<void> back = set_mtu(name, before); !back)
                spdlog::error("{}", back.error().message);
        });
        if (Result<void> set = set_mtu(name, wanted); !set) return set;
    }
    return {};
}

// A driver that gives buffers back without a look would put those of another pool into the wrong
// one.
Result<void> Supervisor::allow_other_pools(const config::Config &next) {
    if (has_one_pool(next)) return {};
    std::vector<std::string> names;
    for (const auto &[name, open] : ports_)
        if (open.port->has_one_pool() && open.port->is_pci()) names.push_back(name);
    for (const std::string &name : names) {
        const auto take = [](port::Port &port) { return port.take_other_pools(); };
        if (Result<void> done = change_while_stopped(name, take); !done) return done;
    }
    return {};
}

// ---- devices that fail -------------------------------------------------------------------------

// Frames that wait in a transmit queue while there is no link would leave when it comes back,
// seconds old. While it is down the port carries nothing, so a restart costs nothing either.
void Supervisor::empty_queues(const std::string &name) {
    const auto open = ports_.find(name);
    if (open == ports_.end() || open->second.port->watch() == nullptr) return;
    const port::LinkWatch::Known known = open->second.port->watch()->known();
    if (known.link.up || known.loss != port::Loss::NONE) return;
    pause(name);
    const Result<bool> emptied = open->second.port->empty_queues();
    if (!emptied) {
        spdlog::error("{}", with_dpdk_reason(emptied.error()).message);
        return lost_device(name, "does not start again");
    }
    resume(name);
    spdlog::debug("port {}: its queues are empty{}", name, *emptied ? ": restarted" : "");
}

// A driver was reloaded, a virtual function reset, an adapter pulled out: what comes back under
// the same name is another device.
void Supervisor::lost_device(const std::string &name, const std::string &why) {
    if (!ports_.contains(name)) return;
    parts_.protocol.call([&](Engine &engine, Time now) {
        for (const config::Lagg &lagg : config_.laggs) {
            if (is_member(lagg, name)) engine.detach(lagg.name, name, now);
            if (comes_out_at(lagg, name)) engine.set_upper(lagg.name, {}, now);
        }
    });
    parts_.protocol.wait_for_workers();
    close_port(name);
    leave_out(name, Error{fmt::format("port {}: its device {}", name, why)});
    for (const config::Lagg *lagg : laggs_over(name))
        attach(config_, *lagg, name);
    for (const config::Lagg &lagg : config_.laggs)
        if (comes_out_at(lagg, name)) tell_upper(lagg.name);
}

// What is behind a kernel interface is closed at once, and the host gets its settings back after
// that. Any other driver may have to give up on its device first.
void Supervisor::close_port(const std::string &name) {
    const auto open = ports_.find(name);
    if (open->second.quieted != nullptr && !open->second.quieted->is_there())
        spdlog::info("port {}: its interface is not in this network namespace any more; nothing of "
                     "it is put back",
                     name);
    if (open->second.quieted == nullptr) undertaker_.take(std::move(open->second.port));
    ports_.erase(open);
    spdlog::info("port {}: closed", name);
}

bool Supervisor::has_failures() const {
    return !failed_.empty() || !failed_interfaces_.empty() ||
           std::ranges::any_of(laggs_, [](const auto &lagg) { return is_elsewhere(lagg.second); });
}

void Supervisor::retry() {
    retry_ports();
    mend_interfaces();
}

void Supervisor::mend_interfaces() {
    for (const auto &[lagg, reason] : std::map(failed_interfaces_))
        make_interface_again(lagg);
    for (const auto &[lagg, running] : laggs_)
        mend_interface(lagg);
}

void Supervisor::retry_ports() {
    const std::map<std::string, std::string> failed = failed_;
    for (const auto &[name, reason] : failed) {
        if (Result<void> opened = open_port(config_, name); !opened) {
            if (opened.error().message == reason) continue;
            failed_[name] = opened.error().message;
            for (const config::Lagg *lagg : laggs_over(name))
                attach(config_, *lagg, name);
            continue;
        }
        for (const config::Lagg &lagg : config_.laggs) {
            if (is_member(lagg, name)) attach(config_, lagg, name);
            if (comes_out_at(lagg, name))
                parts_.protocol.call([&](Engine &engine, Time now) {
                    engine.set_upper(lagg.name, upper_device(lagg), now);
                });
        }
    }
}

// ---- kernel interfaces that others change ------------------------------------------------------

bool Supervisor::is_elsewhere(const RunningLagg &lagg) {
    return lagg.kernel != nullptr && lagg.kernel->index() == 0;
}

void Supervisor::mend_interface(const std::string &lagg) {
    const auto running = laggs_.find(lagg);
    if (running == laggs_.end() || running->second.kernel == nullptr) return;
    KernelUpper &kernel = *running->second.kernel;
    const std::string name = kernel.interface();
    const unsigned index = kernel.index();
    const upper::Tap::Place place = kernel.look();
    if (place == upper::Tap::Place::GONE) {
        spdlog::warn("{}: its kernel interface {} was deleted", lagg, name);
        return make_interface_again(lagg);
    }
    if (kernel.interface() != name)
        spdlog::warn("{}: its kernel interface {} is called {} now; the next start of laggd makes "
                     "another one",
                     lagg, name, kernel.interface());
    if (kernel.index() == 0 && index != 0)
        spdlog::warn("{}: its kernel interface {} was moved to another network namespace, where "
                     "laggd does no more than its carrier",
                     lagg, kernel.interface());
    if (kernel.interface() != name || kernel.index() != index) tell_upper(lagg);
    bool up = false;
    parts_.protocol.call([&](Engine &engine, Time) { up = engine.is_up(lagg); });
    if (kernel.has_other_carrier(up))
        parts_.protocol.call([&](Engine &engine, Time now) { engine.tell_carrier(lagg, now); });
}

// Workers read and write its descriptors until they know of another one.
void Supervisor::make_interface_again(const std::string &lagg) {
    RunningLagg &running = laggs_.at(lagg);
    const std::string before = std::exchange(failed_interfaces_[lagg], "deleted");
    if (running.kernel != nullptr) {
        const std::unique_ptr<KernelUpper> gone = std::move(running.kernel);
        tell_upper(lagg);
        parts_.protocol.wait_for_workers();
    }
    const config::Lagg &configured = *find_lagg(config_, lagg);
    auto made = KernelUpper::open(lagg, want_for(configured, running.identity.mac),
                                  static_cast<uint16_t>(parts_.workers), parts_.pool,
                                  parts_.netlink, parts_.state_directory);
    if (made) {
        running.kernel = std::move(*made);
        failed_interfaces_.erase(lagg);
        spdlog::info("{}: its kernel interface is made again", lagg);
    } else {
        failed_interfaces_[lagg] = made.error().message;
        if (before != made.error().message)
            spdlog::error("{}; it is tried again every 5 s", made.error().message);
    }
    tell_upper(lagg);
}

void Supervisor::tell_upper(const std::string &lagg) {
    const aggregation::UpperDevice upper = upper_device(*find_lagg(config_, lagg));
    parts_.protocol.call([&](Engine &engine, Time now) { engine.set_upper(lagg, upper, now); });
}

} // namespace lagg::daemon
