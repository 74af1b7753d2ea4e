#include "laggd/requests.hh"

#include "control/aggregation/asked_flow.hh"

#include "dataplane/port/link_watch.hh"

#include <fmt/format.h>

namespace lagg::daemon {

namespace {

using What = api::PortSwitch::What;

std::string sentence(const api::PortSwitch &wish) {
    const std::string port = wish.port + " of " + wish.lagg;
    switch (wish.what) {
    case What::DRAIN:
        return wish.on ? port + " is drained: its flows go to the other ports"
                       : port + " is not drained any more";
    case What::TXTEST:
        return wish.on ? "LACPDUs are not sent on " + port + " until txtest is off"
                       : "LACPDUs are sent on " + port;
    case What::RXTEST:
        return wish.on ? "LACPDUs that come on " + port + " are dropped until rxtest is off"
                       : "LACPDUs that come on " + port + " are received";
    }
    return {};
}

Result<void> carry_out(aggregation::Engine &engine, const api::PortSwitch &wish, lacp::Time now) {
    using aggregation::Direction;
    switch (wish.what) {
    case What::DRAIN: return engine.set_drain(wish.lagg, wish.port, wish.on, now);
    case What::TXTEST: return engine.set_test(wish.lagg, wish.port, Direction::SENT, wish.on);
    case What::RXTEST: return engine.set_test(wish.lagg, wish.port, Direction::RECEIVED, wish.on);
    }
    return {};
}

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
                                const api::PortSwitch &wish) {
    Result<void> done;
    protocol.call(
        [&](aggregation::Engine &engine, lacp::Time now) { done = carry_out(engine, wish, now); });
    if (!done) return done.error();
    return sentence(wish);
}

} // namespace lagg::daemon
