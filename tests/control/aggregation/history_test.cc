// What is kept of a port's past, how it is shown, and what an operator does to one port.
#include "control/aggregation/describe_history.hh"
#include "control/aggregation/same_system.hh"
#include "tests/control/aggregation/pair.hh"

#include "lacp/marker.hh"

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

config::Lagg two() {
    return lagg(Protocol::LACP, kTwo);
}

/// 2026-01-31 12:00:00.250 UTC at the moment of asking.
constexpr system_clock::time_point kWallNow{std::chrono::milliseconds(1769860800250)};

api::PortHistory history_of(const Driven &end, const std::string &port) {
    return describe_history(end.aggregate, *end.aggregate.member_named(port), end.now, kWallNow);
}

std::vector<api::Pdu> only(const api::PortHistory &history, const std::string &direction) {
    std::vector<api::Pdu> pdus;
    std::ranges::copy_if(history.pdus, std::back_inserter(pdus),
                         [&](const api::Pdu &pdu) { return pdu.direction == direction; });
    return pdus;
}

uint64_t lacpdus_rx(const Driven &end) {
    return end.aggregate.lacp()->snapshot().ports.front().counters.lacpdus_rx;
}

} // namespace

TEST(Ring, KeepsTheLastOnesInOrder) {
    Ring<int, 3> ring;
    EXPECT_EQ(ring.size(), 0u);
    for (int i = 1; i <= 5; ++i)
        ring.add(i);
    ASSERT_EQ(ring.size(), 3u);
    EXPECT_EQ(ring.at(0), 3);
    EXPECT_EQ(ring.at(2), 5);
}

TEST(PortHistory, TransitionsTellANegotiation) {
    Pair pair(two());
    pair.run(5s);
    const api::PortHistory history = history_of(pair.a, "p0");
    EXPECT_EQ(history.lagg, "lagg0");
    EXPECT_EQ(history.port, "p0");
    std::vector<std::string> mux;
    bool aggregator = false;
    double before = 1e9;
    for (const api::Transition &transition : history.transitions) {
        if (transition.machine == "mux") mux.push_back(transition.to);
        aggregator = aggregator || transition.machine == "aggregator";
        EXPECT_LE(transition.seconds_ago, before) << "the oldest comes first";
        before = transition.seconds_ago;
        EXPECT_FALSE(transition.reason.empty());
    }
    EXPECT_EQ(mux, (std::vector<std::string>{"WAITING", "ATTACHED", "COLLECTING", "DISTRIBUTING"}));
    EXPECT_TRUE(aggregator) << "what happens to the aggregator belongs to each port's story";
}

TEST(PortHistory, PdusAreDecodedAndComparedWithTheOneBefore) {
    Pair pair(two());
    pair.run(5s);
    // Markers go along where flows move; they have no actor.
    std::vector<api::Pdu> sent = only(history_of(pair.a, "p0"), "tx");
    std::vector<api::Pdu> came = only(history_of(pair.b, "p0"), "rx");
    for (std::vector<api::Pdu> *pdus : {&sent, &came})
        std::erase_if(*pdus, [](const api::Pdu &pdu) { return pdu.kind != "LACPDU"; });
    ASSERT_GE(sent.size(), 4u);
    ASSERT_EQ(sent.size(), came.size());
    EXPECT_TRUE(sent.front().changed.empty()) << "there is nothing to compare the first with";
    std::vector<std::string> changes;
    for (size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(sent[i].hex, came[i].hex);
        EXPECT_EQ(sent[i].kind, "LACPDU");
        EXPECT_EQ(sent[i].length, 124u);
        EXPECT_EQ(sent[i].actor->system, "02:00:00:00:00:01");
        changes.insert(changes.end(), sent[i].changed.begin(), sent[i].changed.end());
    }
    EXPECT_EQ(sent.back().partner->system, "02:00:00:00:00:02");
    EXPECT_EQ(sent.back().actor->flags.text(), "ASGNCD--");
    EXPECT_TRUE(std::ranges::count(changes, "partner is another"));
    EXPECT_TRUE(std::ranges::count(changes, "actor +C +D") +
                std::ranges::count(changes, "actor +D"))
        << ::testing::PrintToString(changes);
    EXPECT_TRUE(sent.back().changed.empty()) << "two alike in a row when nothing goes on";
}

TEST(PortHistory, TimesAreOnTheWall) {
    Driven alone(two());
    alone.start();
    const lacp::Time sent = alone.now;
    alone.now = alone.now + 1750ms;
    alone.aggregate.time_passed(alone.now);
    alone.now = sent + 1500ms;
    const std::vector<api::Pdu> pdus = history_of(alone, "p0").pdus;
    ASSERT_FALSE(pdus.empty());
    EXPECT_EQ(pdus.front().time, "2026-01-31T11:59:58.750Z");
    EXPECT_DOUBLE_EQ(pdus.front().seconds_ago, 1.5);
}

TEST(PortHistory, KeepsWhatMakesNoSense) {
    Driven alone(two());
    alone.start();
    std::vector<uint8_t> frame(1000, 0);
    std::ranges::copy(lacp::kSlowProtocolsAddress, frame.begin());
    frame[12] = 0x88;
    frame[13] = 0x09;
    for (const uint8_t subtype : {1, 2, 3, 11}) {
        frame[14] = subtype;
        alone.aggregate.slow_frame(device_of("p0"), frame, alone.now);
    }
    alone.aggregate.slow_frame(device_of("p0"), {}, alone.now);
    alone.aggregate.slow_frame(
        device_of("p0"),
        lacp::encode({.requester_port = 7, .requester_system = {2, 9}, .transaction_id = 77}, {2}),
        alone.now);
    const std::vector<api::Pdu> came = only(history_of(alone, "p0"), "rx");
    std::vector<std::string> kinds;
    for (const api::Pdu &pdu : came)
        kinds.push_back(pdu.kind);
    EXPECT_EQ(kinds, (std::vector<std::string>{"illegal", "illegal", "unknown", "illegal",
                                               "illegal", "Marker"}));
    EXPECT_EQ(came[0].length, 1000u);
    EXPECT_EQ(came[0].hex.size(), 2 * KeptFrame::kMost);
    EXPECT_EQ(came[4].hex, "");
    ASSERT_TRUE(came[5].marker);
    EXPECT_EQ(came[5].marker->transaction, 77u);
    EXPECT_EQ(came[5].marker->port, 7);
    const std::vector<api::Pdu> sent = only(history_of(alone, "p0"), "tx");
    EXPECT_EQ(sent.back().kind, "Marker Response");
}

TEST(PortHistory, ThePartnersLastWordIsKeptHoweverMuchIsSent) {
    Pair pair(two());
    pair.run(5s);
    ASSERT_TRUE(pair.a.aggregate.set_test("p0", Direction::RECEIVED, true));
    pair.run(5min); // 300 LACPDUs; the history keeps 128 events
    EXPECT_TRUE(only(history_of(pair.a, "p0"), "rx").empty());
    const auto &last = pair.a.aggregate.member_named("p0")->history.last_received();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->partner.port.number, attached("p0").number);
}

TEST(LacpduTest, HeldBackLacpdusMakeThePartnerGiveUp) {
    Pair pair(two());
    pair.run(5s);
    ASSERT_TRUE(pair.a.aggregate.set_test("p0", Direction::SENT, true));
    const size_t sent = only(history_of(pair.a, "p0"), "tx").size();
    pair.run(5s);
    EXPECT_EQ(pair.b.distributing(), Names{"p1"});
    EXPECT_EQ(only(history_of(pair.a, "p0"), "tx").size(), sent) << "what was not sent is no PDU";
    EXPECT_GE(pair.a.aggregate.member_named("p0")->test.held_back, 5u);
    ASSERT_TRUE(pair.a.aggregate.set_test("p0", Direction::SENT, false));
    pair.run(6s);
    EXPECT_EQ(pair.b.distributing(), kTwo);
}

TEST(LacpduTest, DroppedLacpdusAreAsNeverReceived) {
    Pair pair(two());
    pair.run(5s);
    const uint64_t before = lacpdus_rx(pair.a);
    ASSERT_TRUE(pair.a.aggregate.set_test("p0", Direction::RECEIVED, true));
    pair.run(5s);
    EXPECT_EQ(pair.a.distributing(), Names{"p1"});
    EXPECT_EQ(lacpdus_rx(pair.a), before);
    EXPECT_GE(pair.a.aggregate.member_named("p0")->test.dropped, 4u);
}

TEST(LacpduTest, MarkersPass) {
    Driven alone(two());
    alone.start();
    for (const Direction direction : {Direction::SENT, Direction::RECEIVED})
        ASSERT_TRUE(alone.aggregate.set_test("p0", direction, true));
    (void)alone.aggregate.take_frames();
    alone.aggregate.slow_frame(device_of("p0"), lacp::encode(lacp::MarkerPdu{}, {2}), alone.now);
    EXPECT_EQ(alone.aggregate.take_frames().size(), 1u) << "the Marker got no answer";
}

TEST(LacpduTest, OutlivesTheDeviceAndEndsWithTheLagg) {
    Driven alone(two());
    alone.start();
    for (const Direction direction : {Direction::SENT, Direction::RECEIVED})
        ASSERT_TRUE(alone.aggregate.set_test("p0", direction, true));
    alone.detach("p0");
    EXPECT_FALSE(alone.aggregate.set_test("p0", Direction::SENT, true)) << "it is not attached";
    alone.attach("p0");
    EXPECT_TRUE(alone.aggregate.member_named("p0")->test.hold_back);
    EXPECT_TRUE(alone.aggregate.member_named("p0")->test.drop);
    alone.detach("p0");
    alone.reconfigure([](config::Lagg &next) { next.ports = {"p1"}; });
    alone.reconfigure([](config::Lagg &next) { next.ports = {"p0", "p1"}; });
    alone.attach("p0");
    EXPECT_FALSE(alone.aggregate.member_named("p0")->test.hold_back);
    EXPECT_FALSE(alone.aggregate.member_named("p0")->test.drop);
}

namespace {

std::chrono::milliseconds ms(int count) {
    return std::chrono::milliseconds(count);
}

/// LACPDUs that far apart, of a partner that knows that one a second is asked for.
PartnerPace paced(std::initializer_list<int> gaps_ms, bool asked = true) {
    PartnerPace pace;
    lacp::Time now{ms(1000)};
    pace.came(now, asked);
    for (const int gap : gaps_ms) {
        now = now + ms(gap);
        pace.came(now, asked);
    }
    return pace;
}

} // namespace

TEST(PartnerPace, ComplainsOfThoseThatComeTooRarely) {
    EXPECT_EQ(paced({10'000, 10'010}).too_slow(), ms(10'010));
    EXPECT_EQ(paced({6'000, 20, 2'000, 10, 6'000}).too_slow(), ms(6'000)) << "it answers changes";
    EXPECT_FALSE(paced({900, 1'100, 2'900, 3'000}).too_slow());
    EXPECT_FALSE(paced({1'000, 40'000, 1'000}).too_slow()) << "one may be an outage";
    EXPECT_FALSE(paced({30'000, 30'000, 30'000}, false).too_slow()) << "as was asked for";
}

TEST(PartnerPace, ForgetsAndForgives) {
    PartnerPace pace = paced({10'000, 10'000});
    pace.begin_anew();
    EXPECT_FALSE(pace.too_slow()) << "the link was down";
    const std::initializer_list<int> mended{10'000, 10'000, 1'000, 1'000, 1'000, 1'000, 1'000,
                                            1'000,  1'000,  1'000, 1'000, 1'000, 1'000, 1'000};
    EXPECT_FALSE(paced(mended).too_slow());
}

// ---- who has our MAC

namespace {

/// What an Aggregate says of a LACPDU of its own port p0 after somebody changed it.
template <class Change> std::string stranger_after(Change change) {
    Pair pair(two());
    pair.run(5s);
    const lacp::SystemSnapshot system = pair.a.aggregate.lacp()->snapshot();
    lacp::PortInformation actor = system.ports.front().actor;
    lacp::MacAddress source = system.ports.front().address;
    change(actor, source);
    return stranger_by(actor, source, system);
}

} // namespace

TEST(SameSystem, AStrangerIsToldFromALoop) {
    EXPECT_EQ(stranger_after([](auto &, auto &) {}), "");
    EXPECT_EQ(stranger_after([](auto &actor, auto &) { actor.system.priority = 7; }),
              "its system priority 7");
    EXPECT_EQ(stranger_after([](auto &actor, auto &) { actor.key = 9; }), "its key 9");
    EXPECT_EQ(stranger_after([](auto &actor, auto &source) {
                  actor.port.number = 99;
                  source = {2, 0, 0, 0, 0, 0x77};
              }),
              "its port number 99 and its source address 02:00:00:00:00:77");
}

TEST(Problem, IsToldWithoutThePortsName) {
    Driven alone(two());
    alone.fail("p0", "net_ring0", "port p0: its device is gone");
    EXPECT_EQ(alone.aggregate.member_named("p0")->problem, "its device is gone");
    alone.fail("p0", "net_ring0", "port p01: its device is gone");
    EXPECT_EQ(alone.aggregate.member_named("p0")->problem, "port p01: its device is gone");
}

TEST(Drain, IsInForceWhoeverAskedForIt) {
    Pair pair(two());
    pair.run(5s);
    const auto drained = [&] {
        return pair.a.aggregate.lacp()->snapshot().ports.front().parameters.drained;
    };
    ASSERT_TRUE(pair.a.aggregate.set_drain("p0", true, pair.a.now));
    EXPECT_FALSE(drained()) << "its flows move first";
    EXPECT_TRUE(pair.a.aggregate.flow_move().is_holding());
    pair.exchange();
    EXPECT_TRUE(drained()) << "the partner has answered the Marker";
    EXPECT_EQ(pair.a.receivers(), std::set<std::string>({"p1"}));
    AttachedPort port = attached("p0");
    pair.a.update(port);
    EXPECT_TRUE(drained()) << "a reload does not end what the operator asked for";
    port.lacp.drain = true;
    pair.a.update(port);
    ASSERT_TRUE(pair.a.aggregate.set_drain("p0", false, pair.a.now));
    EXPECT_TRUE(drained()) << "the configuration still says so";
    port.lacp.drain = false;
    pair.a.update(port);
    EXPECT_FALSE(drained());
}

TEST(Drain, WorksWithoutLacp) {
    for (const Protocol protocol : {Protocol::FAILOVER, Protocol::LOADBALANCE}) {
        Driven other(lagg(protocol, kTwo));
        other.start();
        ASSERT_TRUE(other.aggregate.set_drain("p0", true, other.now));
        EXPECT_EQ(other.distributing(), Names{"p1"});
        EXPECT_TRUE(other.aggregate.member_named("p0")->drained);
        ASSERT_TRUE(other.aggregate.set_drain("p0", false, other.now));
        EXPECT_EQ(other.distributing().front(), "p0");
        EXPECT_FALSE(other.aggregate.set_test("p0", Direction::SENT, true)) << "no LACPDUs";
    }
}

} // namespace lagg::aggregation
