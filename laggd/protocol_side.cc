#include "laggd/protocol_side.hh"

namespace lagg::daemon {

using aggregation::Engine;
using lacp::Time;

void RealProtocolSide::put(std::span<const aggregation::WantedLagg> laggs) {
    thread_.call([&](Engine &engine, Time now) { engine.put(laggs, now); });
}

void RealProtocolSide::leave(std::span<const Membership> leaving) {
    thread_.call([&](Engine &engine, Time now) {
        for (const Membership &one : leaving)
            engine.leave(one.lagg, one.port, now);
    });
}

void RealProtocolSide::come_back(std::span<const Membership> returning) {
    thread_.call([&](Engine &engine, Time now) {
        for (const Membership &one : returning)
            engine.come_back(one.lagg, one.port, now);
    });
}

void RealProtocolSide::take_off(std::span<const Membership> gone) {
    thread_.call([&](Engine &engine, Time now) {
        for (const Membership &one : gone) {
            if (one.port.empty())
                engine.remove_lagg(one.lagg, now);
            else
                engine.detach(one.lagg, one.port, now);
        }
    });
}

void RealProtocolSide::pause(std::span<const Membership> paused) {
    thread_.call([&](Engine &engine, Time now) {
        for (const Membership &one : paused)
            engine.pause(one.lagg, one.port, now);
    });
}

void RealProtocolSide::resume(std::span<const Membership> paused, const OpenPort &port) {
    const aggregation::AttachedPort attached = port.attached();
    thread_.call([&](Engine &engine, Time now) {
        for (const Membership &one : paused)
            engine.resume(one.lagg, one.port, attached.watch, attached.features, now);
    });
}

bool RealProtocolSide::distributes(const Membership &port) {
    bool found = false;
    thread_.call([&](Engine &engine, Time) { found = engine.distributes(port.lagg, port.port); });
    return found;
}

bool RealProtocolSide::is_up(const std::string &lagg) {
    bool up = false;
    thread_.call([&](Engine &engine, Time) { up = engine.is_up(lagg); });
    return up;
}

void RealProtocolSide::tell_carrier(const std::string &lagg) {
    thread_.call([&](Engine &engine, Time now) { engine.tell_carrier(lagg, now); });
}

} // namespace lagg::daemon
