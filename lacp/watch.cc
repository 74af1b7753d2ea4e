// The three watches of a port: has it failed, what does its partner want, was our offer declined.
#include "lacp/watch.hh"

namespace lagg::lacp {

bool watch_failure(AggregationPort &port, Duration wait_to_restore, Time now) {
    const bool failed_before = port.failed;
    const bool works = port.is_working();
    if (wait_to_restore == Duration::zero()) {
        port.failed = false;
    } else if (!works && port.actor.state.collecting) {
        port.failed = true;
    }
    if (!works || !port.failed) {
        port.restore_timer.stop();
    } else if (!port.restore_timer.is_running()) {
        port.restore_timer.start(now, wait_to_restore);
    } else if (port.restore_timer.is_expired(now)) {
        port.restore_timer.stop();
        port.failed = false;
    }
    return port.failed != failed_before;
}

bool watch_partner(AggregationPort &port, Time now) {
    using enum PartnerAttitude;
    const PartnerAttitude before = port.attitude;
    const bool in_sync = port.partner.state.synchronization;
    if (port.rx != RxState::CURRENT) {
        port.attitude = UNKNOWN;
        port.attitude_timer.stop();
    } else if (port.attitude == (in_sync ? AGREES : REFUSES)) {
        port.attitude_timer.stop();
    } else if (!port.attitude_timer.is_running() || in_sync != port.watched_sync) {
        port.watched_sync = in_sync;
        // A partner that goes from one link to the next is never taken to agree to both.
        port.attitude_timer.start(now, kPatienceTime + (in_sync ? kFastPeriodicTime : Duration{}));
    } else if (port.attitude_timer.is_expired(now)) {
        port.attitude_timer.stop();
        port.attitude = in_sync ? AGREES : REFUSES;
    }
    return port.attitude != before;
}

bool watch_offer(AggregationPort &port, Time now) {
    const bool declined_before = port.declined;
    const bool in_sync = port.partner.state.synchronization;
    const bool in_contact = port.rx == RxState::CURRENT;
    if (!in_contact || in_sync) port.declined = false;
    if (!in_contact || in_sync || !port.is_attached() || port.declined) {
        port.offer_timer.stop();
    } else if (port.offer_timer.is_expired(now)) {
        port.offer_timer.stop();
        port.declined = true;
    } else if (!port.offer_timer.is_running()) {
        port.offer_timer.start(now, kPatienceTime);
    }
    return port.declined != declined_before;
}

} // namespace lagg::lacp
