#include "laggd/requests.hh"

#include "control/aggregation/asked_flow.hh"

#include "dataplane/port/link_watch.hh"

#include <fmt/format.h>

namespace lagg::daemon {

namespace {

using SetSwitch = decltype(&aggregation::Engine::set_drain);

/// What does it, in the order of kPortSwitches.
constexpr SetSwitch kSetSwitch[] = {
#define LAGG_FUNCTION(word, ...) &aggregation::Engine::set_##word,
    LAGG_PORT_SWITCHES(LAGG_FUNCTION)
#undef LAGG_FUNCTION
};

} // namespace

Result<api::PortHistory> port_history(aggregation::ProtocolThread &protocol,
                                      const std::string &lagg, const std::string &port) {
    Result<api::PortHistory> history = Error{};
    protocol.call([&](aggregation::Engine &engine, lacp::Time now) {
        history = engine.history(lagg, port, now, std::chrono::system_clock::now());
    });
    return history;
}

Result<api::FlowAnswer> where_goes(aggregation::ProtocolThread &protocol, const std::string &lagg,
                                   const api::FlowQuestion &question) {
    const Result<frame::FlowKey> key = aggregation::asked_flow(question);
    if (!key) return key.error();
    Result<api::FlowAnswer> answer = Error{};
    protocol.call(
        [&](aggregation::Engine &engine, lacp::Time) { answer = engine.where_goes(lagg, *key); });
    return answer;
}

Result<api::ExtendedCounters> extended_counters(aggregation::ProtocolThread &protocol,
                                                const std::string &lagg, const std::string &port) {
    constexpr std::chrono::milliseconds kLimit(500);
    std::shared_ptr<const port::LinkWatch> watch;
    protocol.call(
        [&](aggregation::Engine &engine, lacp::Time) { watch = engine.watch(lagg, port); });
    if (watch == nullptr)
        return Error{fmt::format("port {} of {} has no driver that counts by itself", port, lagg)};
    const std::optional<port::ExtendedCounters> counters = watch->extended_counters(kLimit);
    if (!counters)
        return Error{fmt::format("the driver of port {} of {} gave no answer within {} ms", port,
                                 lagg, kLimit.count())};
    api::ExtendedCounters out{.lagg = lagg, .port = port, .counters = {}};
    for (const auto &[name, value] : *counters)
        out.counters.push_back({name, value});
    return out;
}

Result<std::string> switch_port(aggregation::ProtocolThread &protocol,
                                const api::SwitchWish &wish) {
    Result<void> done;
    const SetSwitch set = kSetSwitch[wish.what - api::kPortSwitches];
    protocol.call([&](aggregation::Engine &engine, lacp::Time now) {
        done = (engine.*set)(wish.lagg, wish.port, wish.on, now);
    });
    if (!done) return done.error();
    return fmt::format(fmt::runtime(wish.on ? wish.what->when_on : wish.what->when_off),
                       wish.port + " of " + wish.lagg);
}

} // namespace lagg::daemon
