// What is done to devices and kernel interfaces while their laggs carry traffic: MTUs, emptying
// queues, devices that are lost and that come back, interfaces that others change.
#include "laggd/supervisor.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

namespace lagg::daemon {

namespace {

/// How long a port that carried traffic may take until it does again, before the next one is
/// restarted. LACP takes a little more than the 2 s of its aggregate_wait_time.
constexpr std::chrono::milliseconds kBackLimit(6000);
constexpr std::chrono::milliseconds kLookPeriod(20);

/// Whether the driver says that the device is there and has no link. The watch is let go of before
/// this returns: one that still asks while the driver starts the device can make the start fail.
bool is_down(const OpenPort &device) {
    const std::shared_ptr<port::LinkWatch> watch = device.attached().watch;
    if (watch == nullptr) return false;
    const port::LinkWatch::Known known = watch->known();
    return !known.link.up && known.loss == port::Loss::NONE;
}

} // namespace

// ---- a device that has to be stopped -----------------------------------------------------------

std::vector<Membership> Supervisor::memberships(const std::string &port) const {
    std::vector<Membership> memberships;
    for (const config::Lagg *lagg : laggs_over(running_.config, port))
        memberships.push_back({lagg->name, port});
    return memberships;
}

/// Returns when no worker uses the device any more.
void Supervisor::pause(const std::string &name) {
    running_.ports.at(name).paused = true;
    parts_.protocol.pause(memberships(name));
    put_uppers_at(name);
    parts_.protocol.wait_for_workers();
}

void Supervisor::resume(const std::string &name) {
    RunningPort &port = running_.ports.at(name);
    port.paused = false;
    parts_.protocol.resume(memberships(name), *port.device);
    put_uppers_at(name);
}

void Supervisor::put_uppers_at(const std::string &port) {
    std::vector<std::string> laggs;
    for (const config::Lagg &lagg : running_.config.laggs)
        if (comes_out_at(lagg, port)) laggs.push_back(lagg.name);
    put(laggs);
}

// The partner is told first, so that it loses nothing, and the port comes back before anybody goes
// on to the next one: the lagg stays up with the others. A device that no lagg has yet is not
// waited for.
Result<void>
Supervisor::change_while_stopped(const std::string &name, OpenPort &device,
                                 const std::function<Result<void>(OpenPort &)> &change) {
    const bool carried = carries(name);
    const std::vector<Membership> laggs = memberships(name);
    parts_.protocol.leave(laggs);
    if (!parts_.protocol.wait_settled(kGoodbyeLimit))
        spdlog::warn("port {}: its device is slow to send the last LACPDU", name);
    pause(name);
    Result<void> done = device.stop();
    if (done) done = change(device);
    if (const Result<void> started = device.start_again(); !started) {
        // Without its device the port is one of those that failed.
        spdlog::error("{}", started.error().message);
        lost_device(name, "does not start again");
        return done ? started : done;
    }
    resume(name);
    parts_.protocol.come_back(laggs);
    if (carried && !wait_until_it_carries(name))
        spdlog::warn("port {}: it carried traffic before its device was restarted, and does not "
                     "after {} s",
                     name, kBackLimit.count() / 1000);
    return done;
}

bool Supervisor::carries(const std::string &name) {
    return std::ranges::any_of(memberships(name), [&](const Membership &port) {
        return parts_.protocol.distributes(port);
    });
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

Result<void> Supervisor::set_mtu(const std::string &name, OpenPort &device, uint16_t mtu) {
    if (!device.restarts_for_mtu()) return device.set_mtu(mtu);
    const Result<void> done = change_while_stopped(
        name, device, [mtu](OpenPort &stopped) { return stopped.set_mtu(mtu); });
    if (done) spdlog::info("port {}: restarted with MTU {}", name, mtu);
    return done;
}

// Only of devices that stay: a new one has been opened with its MTU.
Result<void> Supervisor::set_mtus(const Running &to, MtuChange change, Undo &undo) {
    for (const std::string &name : used_ports(to.config)) {
        const auto open = to.ports.find(name);
        if (open == to.ports.end() || !running_.ports.contains(name)) continue;
        const std::shared_ptr<OpenPort> device = open->second.device;
        const uint16_t before = device->mtu();
        const uint16_t wanted = mtu_of(to.config, name);
        if (before == wanted || (wanted > before) != (change == MtuChange::GROW)) continue;
        undo.on_failure([this, name, device, before] {
            if (!running_.ports.contains(name) || device->mtu() == before) return;
            if (Result<void> back = set_mtu(name, *device, before); !back)
                spdlog::error("{}", back.error().message);
        });
        if (Result<void> set = set_mtu(name, *device, wanted); !set) return set;
    }
    return {};
}

// A driver that gives buffers back without a look would put those of another pool into the wrong
// one.
Result<void> Supervisor::allow_other_pools(const config::Config &next) {
    if (has_one_pool(next)) return {};
    for (const std::string &name : open_ports(running_)) {
        const std::shared_ptr<OpenPort> device = running_.ports.at(name).device;
        if (!device->has_one_pool() || !device->restarts_for_mtu()) continue;
        const auto take = [](OpenPort &stopped) { return stopped.take_other_pools(); };
        if (Result<void> done = change_while_stopped(name, *device, take); !done) return done;
    }
    return {};
}

// ---- devices that fail -------------------------------------------------------------------------

// Frames that wait in a transmit queue while there is no link would leave when it comes back,
// seconds old. While it is down the port carries nothing, so a restart costs nothing either.
void Supervisor::empty_queues(const std::string &name) {
    const auto open = running_.ports.find(name);
    if (open == running_.ports.end()) return;
    const std::shared_ptr<OpenPort> device = open->second.device;
    if (!is_down(*device)) return;
    pause(name);
    const Result<bool> emptied = device->empty_queues();
    if (!emptied) {
        spdlog::error("{}", emptied.error().message);
        return lost_device(name, "does not start again");
    }
    resume(name);
    spdlog::debug("port {}: its queues are empty{}", name, *emptied ? ": restarted" : "");
}

// A driver was reloaded, a virtual function reset, an adapter pulled out: what comes back under
// the same name is another device.
void Supervisor::lost_device(const std::string &name, const std::string &why) {
    const auto open = running_.ports.find(name);
    if (open == running_.ports.end()) return;
    const RunningPort lost = std::move(open->second);
    running_.ports.erase(open);
    leave_out(running_, name, Error{fmt::format("port {}: its device {}", name, why)});
    put(laggs_with(running_.config, name));
    parts_.protocol.wait_for_workers();
}

void Supervisor::leave_out(Running &in, const std::string &port, const Error &why) {
    const auto known = in.failed.find(port);
    if (known == in.failed.end() || known->second != why.message)
        spdlog::error("{}; it is left out and tried again every 5 s", why.message);
    in.failed[port] = why.message;
}

bool Supervisor::has_failures() const {
    return !running_.failed.empty() || std::ranges::any_of(running_.laggs, [](const auto &lagg) {
        const RunningLagg &running = lagg.second;
        return !running.upper_problem.empty() ||
               (running.upper != nullptr && running.upper->is_elsewhere());
    });
}

void Supervisor::retry() {
    retry_ports();
    mend_interfaces();
}

void Supervisor::retry_ports() {
    const std::set<std::string> failed = failed_ports(running_);
    for (const std::string &name : failed) {
        const std::string reason = running_.failed.at(name);
        if (const Result<void> opened = open_port(running_, name); !opened) {
            if (opened.error().message == reason) continue;
            running_.failed[name] = opened.error().message;
        }
        hear(running_);
        put(laggs_with(running_.config, name));
    }
}

// ---- kernel interfaces that others change ------------------------------------------------------

void Supervisor::mend_interfaces() {
    for (const config::Lagg &lagg : running_.config.laggs) {
        const RunningLagg &running = running_.laggs.at(lagg.name);
        if (!running.upper_problem.empty())
            make_interface_again(lagg.name);
        else
            mend_interface(lagg.name);
    }
}

void Supervisor::mend_interface(const std::string &lagg) {
    const auto running = running_.laggs.find(lagg);
    if (running == running_.laggs.end() || running->second.upper == nullptr) return;
    OpenUpper &upper = *running->second.upper;
    switch (upper.look()) {
    case OpenUpper::Found::GONE: return make_interface_again(lagg);
    case OpenUpper::Found::CHANGED: put({lagg}); break;
    case OpenUpper::Found::AS_BEFORE: break;
    }
    if (upper.has_other_carrier(parts_.protocol.is_up(lagg))) parts_.protocol.tell_carrier(lagg);
}

// Workers read and write its descriptors until they know of another one.
void Supervisor::make_interface_again(const std::string &lagg) {
    RunningLagg &running = running_.laggs.at(lagg);
    const std::string before = std::exchange(running.upper_problem, "deleted");
    if (running.upper != nullptr) {
        const std::shared_ptr<OpenUpper> gone = std::move(running.upper);
        put({lagg});
        parts_.protocol.wait_for_workers();
    }
    const config::Lagg &configured = *find_lagg(running_.config, lagg);
    Result<std::shared_ptr<OpenUpper>> made =
        parts_.edge.open_upper(configured, want_for(configured, running_));
    if (made) {
        running.upper = std::move(*made);
        running.upper->keep();
        running.upper_problem.clear();
        spdlog::info("{}: its kernel interface is made again", lagg);
    } else {
        running.upper_problem = made.error().message;
        if (before != made.error().message)
            spdlog::error("{}; it is tried again every 5 s", made.error().message);
    }
    put({lagg});
}

} // namespace lagg::daemon
