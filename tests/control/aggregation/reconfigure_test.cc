// A lagg's configuration changes while it runs: every protocol to every other, the order of the
// ports, the hash; and a long random life in which the promises of the forwarding state never
// break.
#include "tests/control/aggregation/pair.hh"

#include <random>

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;
using Set = std::set<std::string>;

Names expected_distributing(Protocol protocol) {
    switch (protocol) {
    case Protocol::FAILOVER: return {"p0"};
    case Protocol::NONE: return {};
    default: return kThree;
    }
}

void set_protocol(Driven &end, Protocol protocol) {
    end.reconfigure([&](config::Lagg &config) { config.protocol = protocol; });
}

} // namespace

class ProtocolChange : public testing::TestWithParam<std::tuple<Protocol, Protocol>> {};

TEST_P(ProtocolChange, TakesEffectAtOnceAndTheOldOneLeavesNothing) {
    const auto [from, to] = GetParam();
    Pair pair(lagg(from, kThree));
    pair.run(6s);
    ASSERT_EQ(pair.a.distributing(), expected_distributing(from));
    (void)pair.a.aggregate.take_changed();
    const worker::LaggForwarding before = pair.a.aggregate.forwarding();

    for (Driven *end : {&pair.a, &pair.b}) {
        set_protocol(*end, to);
        end->check_promises();
    }
    const bool differs = pair.a.aggregate.forwarding() != before;
    EXPECT_EQ(pair.a.aggregate.take_changed(), differs);
    if (from == to) {
        EXPECT_FALSE(differs);
    }
    EXPECT_EQ(pair.a.aggregate.lacp() != nullptr, to == Protocol::LACP);
    if (to == Protocol::LACP && from != to) {
        EXPECT_TRUE(pair.a.distributing().empty()) << "before the partner has said a word";
    } else if (to != Protocol::LACP) {
        EXPECT_EQ(pair.a.distributing(), expected_distributing(to));
    }

    pair.run(6s);
    EXPECT_EQ(pair.a.distributing(), expected_distributing(to));
    const bool hashes = to == Protocol::LACP || to == Protocol::LOADBALANCE;
    EXPECT_EQ(pair.a.aggregate.buckets() == distribute::BucketTable::empty(), !hashes);
    EXPECT_EQ(pair.a.aggregate.forwarding().way == worker::Way::ALL_MEMBERS,
              to == Protocol::BROADCAST);
    EXPECT_TRUE(pair.a.aggregate.take_frames().empty());
}

INSTANTIATE_TEST_SUITE_P(All, ProtocolChange,
                         testing::Combine(testing::ValuesIn(kProtocols),
                                          testing::ValuesIn(kProtocols)),
                         [](const auto &tested) {
                             return std::string(to_text(std::get<0>(tested.param))) + "_to_" +
                                    to_text(std::get<1>(tested.param));
                         });

TEST(Reconfigure, LeavingLacpTellsThePartner) {
    Pair pair(lagg(Protocol::LACP, kThree));
    pair.run(5s);
    ASSERT_TRUE(pair.b.aggregate.up());
    set_protocol(pair.a, Protocol::LOADBALANCE);
    EXPECT_EQ(pair.a.distributing(), kThree);
    pair.exchange();
    EXPECT_FALSE(pair.b.aggregate.up()) << "it learned by the last LACPDU and not by a timeout";
}

TEST(Reconfigure, TheOrderOfThePortsIsTheOrderOfFailover) {
    Driven driven(lagg(Protocol::FAILOVER, kThree));
    driven.start();
    driven.reconfigure([](config::Lagg &config) { config.ports = {"p2", "p0", "p1"}; });
    EXPECT_EQ(driven.receivers(), Set{"p2"});
    driven.set_link("p2", false);
    EXPECT_EQ(driven.receivers(), Set{"p0"});
}

TEST(Reconfigure, AnotherOrderMovesNoFlowAndNoPlace) {
    Driven driven(lagg(Protocol::LOADBALANCE, kThree));
    driven.start();
    const distribute::BucketTable before = driven.aggregate.buckets();
    const uint8_t place = driven.aggregate.member_named("p0")->index;
    driven.reconfigure([](config::Lagg &config) { config.ports = {"p2", "p1", "p0"}; });
    EXPECT_EQ(driven.aggregate.buckets(), before);
    EXPECT_EQ(driven.aggregate.member_named("p0")->index, place);
    EXPECT_EQ(driven.live(), (Names{"p2", "p1", "p0"}));
}

TEST(Reconfigure, ANewPortHasAPlaceAndADetachedOneGoes) {
    Driven driven(lagg(Protocol::ROUNDROBIN, kThree));
    driven.start();
    driven.detach("p0");
    driven.reconfigure([](config::Lagg &config) { config.ports = {"p1", "p5", "p2"}; });
    EXPECT_EQ(driven.aggregate.member_named("p0"), nullptr);
    EXPECT_EQ(driven.distributing(), (Names{"p1", "p2"}));
    driven.attach("p5");
    driven.set_link("p5", true);
    EXPECT_EQ(driven.live(), (Names{"p1", "p5", "p2"}));
}

TEST(Reconfigure, ThePolicyReachesTheForwarding) {
    Driven driven(lagg(Protocol::LOADBALANCE, kThree));
    driven.start();
    EXPECT_EQ(driven.aggregate.forwarding().spread.policy,
              (distribute::Policy{.fields = distribute::kLayer23, .seed = 0x5eed}));
    const distribute::BucketTable before = driven.aggregate.buckets();
    (void)driven.aggregate.take_changed();
    driven.reconfigure([](config::Lagg &config) {
        config.hash = {.policy = {.fields = distribute::kLayer34}, .seed = 7};
        config.roundrobin_stride = 9;
    });
    EXPECT_TRUE(driven.aggregate.take_changed());
    const distribute::Spread spread = driven.aggregate.forwarding().spread;
    EXPECT_EQ(spread.policy, (distribute::Policy{.fields = distribute::kLayer34, .seed = 7}));
    EXPECT_EQ(spread.stride, 9u);
    EXPECT_EQ(driven.aggregate.buckets(), before);
}

TEST(Reconfigure, LacpStaysUpThroughAHashAndAnOrder) {
    Pair pair(lagg(Protocol::LACP, kThree));
    pair.run(5s);
    pair.a.reconfigure([](config::Lagg &config) {
        config.hash.policy.fields |= distribute::kLayer4;
        config.ports = {"p1", "p2", "p0"};
    });
    EXPECT_EQ(pair.a.live(), (Names{"p1", "p2", "p0"}));
    pair.run(5s);
    EXPECT_EQ(pair.b.distributing(), kThree);
}

TEST(Reconfigure, MinLinksAndRxAllTakeEffectAtOnce) {
    Driven driven(lagg(Protocol::FAILOVER, kThree));
    driven.start();
    driven.reconfigure([](config::Lagg &config) { config.rx_all = true; });
    EXPECT_EQ(driven.collecting(), kThree);
    set_protocol(driven, Protocol::LOADBALANCE);
    driven.set_link("p0", false);
    driven.reconfigure([](config::Lagg &config) { config.min_links = 3; });
    EXPECT_FALSE(driven.aggregate.up());
    driven.reconfigure([](config::Lagg &config) { config.min_links = 2; });
    EXPECT_EQ(driven.receivers(), (Set{"p1", "p2"}));
}

// Whatever an operator and the cables do in whatever order, frames go to ports that carry traffic
// alone, and the spread, the table and the members tell the same story.
TEST(Reconfigure, ThePromisesHoldThroughALongRandomLife) {
    std::mt19937 random(20240229); // a fixed life, so that a failure can be seen again
    const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
    Pair pair(lagg(Protocol::LACP, {"p0", "p1", "p2", "p3"}));
    size_t times_up = 0;
    for (int i = 0; i < 3000 && !testing::Test::HasFailure(); ++i) {
        Driven &end = pick(2) == 0 ? pair.a : pair.b;
        const std::string name = "p" + std::to_string(pick(4));
        const bool is_attached = end.aggregate.member_on(device_of(name)) != nullptr;
        switch (pick(8)) {
        case 0: pair.set_link(name, false); break;
        case 1:
        case 2: pair.set_link(name, true); break;
        case 3:
            if (is_attached && pick(2) == 0) end.aggregate.leave(name, end.now);
            if (is_attached) end.detach(name);
            break;
        case 4:
            if (!is_attached) end.attach(name);
            break;
        case 5:
            end.reconfigure(
                [&](config::Lagg &config) { std::ranges::shuffle(config.ports, random); });
            break;
        case 6:
            if (pick(3) == 0) {
                const Protocol protocol =
                    kProtocols[pick(2) == 0 ? 0 : pick(std::size(kProtocols))];
                set_protocol(pair.a, protocol);
                set_protocol(pair.b, protocol);
            }
            end.reconfigure([&](config::Lagg &config) {
                config.min_links = static_cast<uint16_t>(1 + pick(3));
            });
            break;
        case 7: pair.run(std::chrono::milliseconds(pick(4000))); break;
        }
        pair.a.check_promises();
        pair.b.check_promises();
        times_up += pair.a.aggregate.up();
    }
    EXPECT_GT(times_up, 300u) << "a life in which nothing is ever up shows nothing";
}

} // namespace lagg::aggregation
