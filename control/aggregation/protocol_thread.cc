#include "control/aggregation/protocol_thread.hh"

#include <spdlog/spdlog.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace lagg::aggregation {

namespace {

// A real-time priority keeps the LACPDUs' cadence on a machine whose every core is busy. Without
// the permission for it the thread does what it can.
void prefer_this_thread() {
    sched_param parameters{};
    parameters.sched_priority = 1;
    pthread_setschedparam(pthread_self(), SCHED_RR, &parameters);
    pthread_setname_np(pthread_self(), "lagg-protocol");
}

timespec to_timespec(lacp::Duration duration) {
    duration = std::max(duration, lacp::Duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

} // namespace

lacp::Time ProtocolThread::now() {
    return lacp::Time{std::chrono::duration_cast<lacp::Duration>(
        std::chrono::steady_clock::now().time_since_epoch())};
}

ProtocolThread::ProtocolThread(worker::Fleet &fleet, std::unique_ptr<kernel::CarrierWatch> carriers,
                               Hooks hooks, Clock clock)
    : engine_(fleet, std::move(hooks)), carriers_(std::move(carriers)), clock_(std::move(clock)) {
    assert(calls_.usable());
    thread_ = std::thread([this] { loop(); });
}

ProtocolThread::~ProtocolThread() {
    calls_.sender().post([this] { stopped_ = true; });
    thread_.join();
}

void ProtocolThread::call(const Call &call) {
    assert(std::this_thread::get_id() != thread_.get_id());
    calls_.sender().call([&] { call(engine_, clock_()); });
}

void ProtocolThread::post(Call call) {
    calls_.sender().post([this, call = std::move(call)] { call(engine_, clock_()); });
}

bool ProtocolThread::wait_until(const std::function<bool(Engine &)> &condition,
                                std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        bool met = false;
        call([&](Engine &engine, lacp::Time) { met = condition(engine); });
        if (met || std::chrono::steady_clock::now() >= deadline) return met;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

// A worker sends what it took from the ring in the same round, so a whole round after the ring was
// empty the frames are with the device.
bool ProtocolThread::wait_settled(std::chrono::milliseconds limit) {
    const bool taken = wait_until(
        [](Engine &engine) {
            return !engine.has_frames_to_send() && engine.fleet().slow_rings_empty();
        },
        limit);
    uint64_t token = 0;
    call([&](Engine &engine, lacp::Time) { token = engine.fleet().start_grace(); });
    return wait_until([&](Engine &engine) { return engine.fleet().passed(token); }, limit) && taken;
}

void ProtocolThread::wait_for_workers() {
    uint64_t token = 0;
    call([&](Engine &engine, lacp::Time) { token = engine.fleet().start_grace(); });
    while (!wait_until([&](Engine &engine) { return engine.fleet().passed(token); },
                       std::chrono::seconds(1)))
        spdlog::warn("a worker has not come round for a second: a device holds it up");
}

void ProtocolThread::loop() {
    prefer_this_thread();
    while (!stopped_) {
        wait_for_work();
        run_calls();
        engine_.run(clock_());
        heartbeat_.store(heartbeat_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
}

void ProtocolThread::wait_for_work() {
    // Slow-protocol frames that came are taken by Engine::run().
    std::array<pollfd, 5> fds{
        {{.fd = calls_.fd(), .events = POLLIN, .revents = 0},
         {.fd = link_events_->fd(), .events = POLLIN, .revents = 0},
         {.fd = engine_.fleet().slow_event(), .events = POLLIN, .revents = 0},
         {.fd = carriers_ ? carriers_->fd() : -1, .events = POLLIN, .revents = 0},
         {.fd = carriers_ ? carriers_->counter_fd() : -1, .events = POLLIN, .revents = 0}}};
    const lacp::Time before = clock_();
    const timespec timeout = to_timespec(engine_.next_deadline(before) - before);
    if (ppoll(fds.data(), fds.size(), &timeout, nullptr) <= 0) return;
    if (fds[1].revents != 0) {
        link_events_->clear();
        engine_.links_changed(clock_());
    }
    if (fds[3].revents != 0 || fds[4].revents != 0)
        carriers_->handle(
            [&](const kernel::Carrier &carrier) { engine_.carrier_reported(carrier, clock_()); });
}

void ProtocolThread::run_calls() {
    if (!calls_.run() || !carriers_) return;
    // Ports come and go in calls only.
    if (std::vector<unsigned> interfaces = engine_.interfaces(); interfaces != followed_) {
        carriers_->follow(interfaces);
        followed_ = std::move(interfaces);
    }
}

} // namespace lagg::aggregation
