// Two Aggregates with a cable between their ports of the same name: what one sends the other hears.
#pragma once

#include "tests/control/aggregation/driven.hh"

namespace lagg::aggregation {

class Pair {
  public:
    explicit Pair(const config::Lagg &config) : Pair(config, config) {}
    /// `recorder` takes what happens to the first.
    Pair(const config::Lagg &a_config, const config::Lagg &b_config,
         recording::Recorder *recorder = nullptr)
        : a(a_config, 1, recorder), b(b_config, 2) {
        a.start();
        b.start();
    }

    /// Pulls the cable, or puts it back.
    void set_link(const std::string &name, bool up) {
        a.set_link(name, up);
        b.set_link(name, up);
    }

    /// Delivers what is on its way, and what that causes, without time going on.
    void exchange() {
        for (int rounds = 0; rounds < 20; ++rounds)
            if (!deliver(a, b) && !deliver(b, a)) return;
        ADD_FAILURE() << "the two never fall silent";
    }

    void run(std::chrono::milliseconds duration) {
        const lacp::Time end = a.now + duration;
        exchange();
        for (;;) {
            lacp::Time next = end;
            for (const Driven *one : {&a, &b})
                if (const auto deadline = one->aggregate.next_deadline())
                    next = std::min(next, *deadline);
            if (next >= end) break;
            step(next);
        }
        step(end);
    }

    Driven a;
    Driven b;

  private:
    void step(lacp::Time time) {
        for (Driven *one : {&a, &b}) {
            one->now = time;
            one->aggregate.time_passed(time);
        }
        exchange();
        a.check_promises();
        b.check_promises();
    }

    static bool deliver(Driven &from, Driven &to) {
        from.hold_is_in_force();
        const std::vector<OutgoingFrame> frames = from.aggregate.take_frames();
        for (const OutgoingFrame &frame : frames) {
            const Member *sender = from.aggregate.member_on(frame.device);
            const Member *receiver = to.aggregate.member_on(frame.device);
            if (sender != nullptr && !is_slow(frame)) from.announced.push_back(sender->name);
            if (sender == nullptr || receiver == nullptr || !is_slow(frame)) continue;
            if (sender->link.up && receiver->link.up)
                to.aggregate.slow_frame(frame.device, frame.bytes, to.now);
        }
        return !frames.empty();
    }
};

} // namespace lagg::aggregation
