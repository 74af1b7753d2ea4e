#include "lagglab/sim/simulation.hh"

#include "lagglab/sim/agreement.hh"
#include "lagglab/sim/disturbance.hh"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace lagg::sim {

using namespace lacp;

namespace {

constexpr milliseconds kLook{250};     ///< how often agreement is looked at
constexpr seconds kStill{35};          ///< without a change, more than any period of an idle link
constexpr seconds kSettlingTraffic{2}; ///< after the last change frames still answer each other

thread_local uint64_t current_seed = 0;

// Async-signal-safe: no formatted output.
void say_seed(int) {
    char text[] = "the core aborted; again with: lagglab lacp-sim --trace 00000000000000000000\n";
    uint64_t seed = current_seed;
    for (size_t place = sizeof text - 3; seed != 0; --place, seed /= 10)
        text[place] = static_cast<char>('0' + seed % 10);
    [[maybe_unused]] const ssize_t written = write(2, text, sizeof text - 1);
}

uint64_t lacpdus_sent(const World &world) {
    uint64_t sent = 0;
    for (const Node &node : world.nodes)
        for (const PortSnapshot &port : node.watch->snapshot().ports)
            sent += port.counters.lacpdus_tx;
    return sent;
}

/// LACPDUs that idle ports send in `duration`; for each port one more, for where it begins, and one
/// that answers what a looped end had still to learn.
uint64_t lacpdus_due(const World &world, Duration duration) {
    uint64_t due = 0;
    for (const Node &node : world.nodes)
        for (const PortSnapshot &port : node.watch->snapshot().ports) {
            if (port.periodic == PeriodicState::NO_PERIODIC) continue;
            const bool fast = port.periodic == PeriodicState::FAST_PERIODIC;
            due += 2 +
                   static_cast<uint64_t>(duration / (fast ? kFastPeriodicTime : kSlowPeriodicTime));
        }
    return due;
}

/// Since when nothing moves, and since when nothing is left to be said.
struct Stillness {
    Time disagreed; ///< last time ends did not agree
    Time counted_from;
    uint64_t sent = 0;

    /// Looks at the world; what is missing for agreement, empty when nothing is.
    std::string look(const World &world) {
        std::string missing = disagreement(world);
        if (!missing.empty()) disagreed = world.now;
        if (since_change(world) < kSettlingTraffic) {
            counted_from = world.now;
            sent = lacpdus_sent(world);
        }
        return missing;
    }
    Duration since_change(const World &world) const {
        return world.now - std::max(world.last_change, disagreed);
    }
    bool lasts(const World &world) const { return world.now - counted_from >= kStill; }
};

void check_idle_traffic(World &world, const Stillness &stillness) {
    const uint64_t sent = lacpdus_sent(world) - stillness.sent;
    const uint64_t due = lacpdus_due(world, world.now - stillness.counted_from);
    if (sent > due)
        world.fail("idle ports sent " + std::to_string(sent) + " LACPDUs, " + std::to_string(due) +
                   " were due");
}

/// Runs until all agree and nothing has moved for kStill. Fails when that takes too long, or when
/// idle ports send more than is due.
void run_to_agreement(World &world) {
    const Time healed = world.now;
    const Duration bound = convergence_bound(world);
    Stillness stillness{healed, healed, lacpdus_sent(world)};
    world.last_change = healed;
    while (!world.is_broken()) {
        world.run_until(world.now + kLook);
        std::string missing = stillness.look(world);
        if (stillness.lasts(world)) {
            world.statistics.convergence = world.last_change - healed;
            return check_idle_traffic(world, stillness);
        }
        if (world.now - healed <= bound || stillness.since_change(world) >= kSettlingTraffic)
            continue;
        if (missing.empty()) missing = "something still changes";
        world.fail(std::to_string((world.now - healed) / std::chrono::seconds(1)) +
                   " s without a fault: " + missing);
    }
}

} // namespace

Outcome run_seed(uint64_t seed, std::ostream *trace) {
    current_seed = seed;
    World world(seed, trace);
    Disturbance disturbance(world);
    disturbance.build();
    const uint64_t faults =
        world.random.percent(10) ? world.random.between(30, 150) : world.random.between(1, 25);
    const milliseconds pause(world.random.percent(15) ? 20000 : 2500);
    for (uint64_t i = 0; i < faults && !world.is_broken(); ++i) {
        disturbance.disturb_once();
        world.run_until(world.now + world.random.time(pause));
    }
    if (!world.is_broken()) disturbance.heal();
    if (!world.is_broken()) run_to_agreement(world);
    return {world.violation, world.statistics};
}

void name_seed_on_abort() {
    // Default again after that, so that the process still ends as it would have.
    struct sigaction action {};
    action.sa_handler = say_seed;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGABRT, &action, nullptr);
}

} // namespace lagg::sim
