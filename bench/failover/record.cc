#include "bench/failover/record.hh"

#include <algorithm>

namespace lagg::bench {

void Record::begin() {
    first_ += frames_.size();
    frames_.clear();
    reordered_ = 0;
}

uint64_t Record::sent(unsigned flow, Nanoseconds at) {
    frames_.push_back({.sent = at, .flow = static_cast<uint16_t>(flow)});
    return first_ + frames_.size() - 1;
}

void Record::came(uint64_t number, Nanoseconds at, uint8_t port) {
    last_of_port_[port] = at;
    last_port_ = port;
    if (number < first_ || number - first_ >= frames_.size()) return;
    Frame &frame = frames_[number - first_];
    if (++frame.copies > 1) return;
    frame.came = at;
    frame.port = port;
    if (number < newest_[frame.flow]) {
        ++reordered_;
        return;
    }
    newest_[frame.flow] = number + 1;
    newest_sent_[frame.flow] = frame.sent;
}

void Record::swallowed(uint64_t number, Nanoseconds at) {
    if (number < first_ || number - first_ >= frames_.size()) return;
    Frame &frame = frames_[number - first_];
    frame.swallowed = true;
    frame.came = at;
}

bool Record::late(const Frame &frame, const Event &event) {
    return frame.copies > 0 && event.back != 0 && frame.sent < event.back &&
           frame.came >= event.back && frame.came - frame.sent > kLate;
}

bool Record::arrived(const Frame &frame, const Event &event) {
    return frame.copies > 0 && !late(frame, event);
}

bool Record::met_return(const Frame &frame, const Event &event) {
    return event.back != 0 && frame.sent + kBeforeEvent >= event.back;
}

/// Flows that used the port before the event; where ports are not known, those that lost a frame.
std::vector<bool> Record::flows_of_dead_port(const Event &event) const {
    std::vector<bool> flows(newest_.size(), event.every_flow);
    if (event.every_flow) return flows;
    if (event.dead) {
        for (const Frame &frame : frames_)
            if (frame.came < event.at && arrived(frame, event))
                flows[frame.flow] = frame.port == *event.dead;
        return flows;
    }
    for (const Frame &frame : frames_)
        if (frame.sent + kBeforeEvent >= event.at && !arrived(frame, event) &&
            !met_return(frame, event))
            flows[frame.flow] = true;
    return flows;
}

size_t Record::judged(const Event &event) const {
    if (event.until == 0) return frames_.size();
    const auto end = std::ranges::lower_bound(frames_, event.until, {}, &Frame::sent);
    return static_cast<size_t>(end - frames_.begin());
}

void Record::find_times(const Event &event, Outcome &outcome) const {
    const std::vector<bool> affected = flows_of_dead_port(event);
    Nanoseconds last_given = event.at;
    size_t after_last_gone = 0;
    const size_t end = judged(event);
    for (size_t i = 0; i < end; ++i) {
        const Frame &frame = frames_[i];
        if (!affected[frame.flow] || frame.sent + kBeforeEvent < event.at) continue;
        if (met_return(frame, event)) break;
        const bool gone = !arrived(frame, event);
        if (gone) after_last_gone = i + 1;
        // A frame that was lost was given to the port when it was sent, as far as can be told.
        if (gone) last_given = std::max(last_given, frame.swallowed ? frame.came : frame.sent);
        if (!gone && event.dead && frame.port == *event.dead)
            last_given = std::max(last_given, frame.came);
    }
    outcome.dead = last_given - event.at;
    if (!event.dead && after_last_gone == 0) return;
    // The port tells that a frame has moved; without one only that no frame is lost any more.
    for (size_t i = event.dead ? 0 : after_last_gone; i < end; ++i) {
        const Frame &frame = frames_[i];
        if (met_return(frame, event)) return;
        if (!affected[frame.flow] || !arrived(frame, event) || frame.came < event.at) continue;
        if (event.dead && frame.port == *event.dead) continue;
        const Nanoseconds took = frame.came - event.at;
        if (!outcome.moved || took < *outcome.moved) outcome.moved = took;
        // Frames of a burst may come in another order than they were sent in, but not by much.
        if (frame.came > event.at + *outcome.moved + kBeforeEvent) return;
    }
}

std::vector<Nanoseconds> Record::left_dead_port(const Event &event) const {
    std::vector<Nanoseconds> left(newest_.size(), 0);
    for (const Frame &frame : frames_)
        if (event.dead && left[frame.flow] == 0 && frame.copies > 0 && frame.came >= event.at &&
            frame.port != *event.dead)
            left[frame.flow] = frame.sent;
    return left;
}

Outcome Record::outcome(const Event &event) const {
    Outcome outcome{.sent = judged(event), .reordered = reordered_};
    const std::vector<Nanoseconds> left = left_dead_port(event);
    for (size_t i = 0; i < outcome.sent; ++i) {
        const Frame &frame = frames_[i];
        outcome.doubled += frame.copies > 1 ? frame.copies - 1u : 0u;
        if (late(frame, event)) {
            ++outcome.late;
            const bool given_before = left[frame.flow] == 0 || frame.sent < left[frame.flow];
            outcome.stale += !event.dead || (frame.port == *event.dead && given_before);
        } else if (frame.copies == 0) {
            ++(event.back != 0 && frame.sent >= event.back ? outcome.lost_after : outcome.lost);
        }
    }
    find_times(event, outcome);
    return outcome;
}

bool Record::every_flow_came(Nanoseconds since) const {
    return std::ranges::all_of(newest_sent_, [&](Nanoseconds sent) { return sent > since; });
}

bool Record::came_by(uint8_t port, Nanoseconds since) const {
    return last_of_port_[port] >= since;
}

} // namespace lagg::bench
