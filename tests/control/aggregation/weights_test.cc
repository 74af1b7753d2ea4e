// Shares of the flows: by configured weights and by the speed of links, and what moves when either
// changes.
#include "tests/control/aggregation/pair.hh"

#include <map>

namespace lagg::aggregation {
namespace {

using namespace std::chrono_literals;
using distribute::BucketTable;
using distribute::kBuckets;

config::Lagg by_speed(Protocol protocol, const Names &ports) {
    config::Lagg config = lagg(protocol, ports);
    config.weights = config::Weights::SPEED;
    return config;
}

/// Ports with links of these speeds, in Mbit/s; 0 is a link that is up at a speed unknown.
Driven with_speeds(const config::Lagg &config, const std::vector<uint32_t> &speeds) {
    Driven driven(config);
    for (size_t i = 0; i < speeds.size(); ++i) {
        driven.attach(config.ports[i]);
        driven.set_link(config.ports[i], true, speeds[i]);
    }
    return driven;
}

std::map<std::string, size_t> buckets(const Driven &driven) {
    const worker::LaggForwarding forwarding = driven.aggregate.forwarding();
    std::map<std::string, size_t> counts;
    for (const uint8_t member : driven.aggregate.buckets().member)
        ++counts[driven.name_of(member, forwarding)];
    return counts;
}

/// Within the bound of the bucket table: one up, one in 4096 for each member down.
void expect_shares(const Driven &driven, const std::map<std::string, double> &shares) {
    double sum = 0;
    for (const auto &[name, share] : shares)
        sum += share;
    auto counts = buckets(driven);
    for (const auto &[name, share] : shares)
        EXPECT_NEAR(static_cast<double>(counts[name]), kBuckets * share / sum, 2.0) << name;
}

void set_weight(Driven &driven, const std::string &name, std::optional<uint16_t> weight) {
    AttachedPort port = attached(name);
    port.weight = weight;
    driven.update(port);
}

/// Buckets that lead elsewhere than in `before`, although their port of then is still `name_of` it.
size_t moved_of_others(const BucketTable &before, const BucketTable &after, uint8_t gone) {
    size_t count = 0;
    for (size_t b = 0; b < kBuckets; ++b)
        count += before.member[b] != gone && before.member[b] != after.member[b];
    return count;
}

TEST(Weights, AreEqualWhateverTheSpeed) {
    const Driven driven = with_speeds(lagg(Protocol::LOADBALANCE, kTwo), {25000, 10000});
    expect_shares(driven, {{"p0", 1}, {"p1", 1}});
    EXPECT_EQ(driven.aggregate.forwarding().spread.weights[0], 1u);
    EXPECT_EQ(driven.aggregate.forwarding().spread.weights[1], 1u);
    EXPECT_EQ(driven.aggregate.forwarding().spread.weights[2], 0u);
}

TEST(Weights, BySpeed25And10GetFiveToTwo) {
    const Driven driven = with_speeds(by_speed(Protocol::LOADBALANCE, kTwo), {25000, 10000});
    expect_shares(driven, {{"p0", 5}, {"p1", 2}});
    const auto weights = driven.aggregate.forwarding().spread.weights;
    EXPECT_EQ(weights[0], 5u) << "without their common divisor";
    EXPECT_EQ(weights[1], 2u);
}

TEST(Weights, AnUnknownSpeedCountsAsTheSlowest) {
    const Names ports{"p0", "p1", "p2"};
    expect_shares(with_speeds(by_speed(Protocol::LOADBALANCE, ports), {0, 40000, 10000}),
                  {{"p0", 1}, {"p1", 4}, {"p2", 1}});
    expect_shares(with_speeds(by_speed(Protocol::LOADBALANCE, ports), {0, 0, 0}),
                  {{"p0", 1}, {"p1", 1}, {"p2", 1}});
}

TEST(Weights, ThatAreConfiguredWin) {
    Driven equal = with_speeds(lagg(Protocol::LOADBALANCE, kTwo), {10000, 10000});
    set_weight(equal, "p0", 3);
    expect_shares(equal, {{"p0", 3}, {"p1", 1}});
    Driven speed = with_speeds(by_speed(Protocol::LOADBALANCE, kTwo), {25000, 10000});
    set_weight(speed, "p0", 30);
    expect_shares(speed, {{"p0", 3}, {"p1", 1}});
    set_weight(speed, "p0", std::nullopt);
    expect_shares(speed, {{"p0", 5}, {"p1", 2}});
}

TEST(Weights, ADeadPortsBucketsAloneMove) {
    const Names ports{"p0", "p1", "p2", "p3"};
    Driven driven =
        with_speeds(by_speed(Protocol::LOADBALANCE, ports), {100000, 25000, 10000, 1000});
    const BucketTable before = driven.aggregate.buckets();
    for (const std::string &name : ports) {
        driven.set_link(name, false, 0);
        const uint8_t gone = driven.aggregate.member_named(name)->index;
        EXPECT_EQ(moved_of_others(before, driven.aggregate.buckets(), gone), 0u) << name;
        EXPECT_EQ(buckets(driven).count(name), 0u);
        driven = with_speeds(driven.aggregate.config(), {100000, 25000, 10000, 1000});
        ASSERT_EQ(driven.aggregate.buckets(), before) << "deterministic";
    }
}

TEST(Weights, ASpeedThatChangesMovesFlows) {
    Driven driven = with_speeds(by_speed(Protocol::LOADBALANCE, kTwo), {10000, 10000});
    const BucketTable before = driven.aggregate.buckets();
    (void)driven.aggregate.take_changed();
    driven.set_link("p1", true, 40000);
    EXPECT_TRUE(driven.aggregate.take_changed());
    expect_shares(driven, {{"p0", 1}, {"p1", 4}});
    EXPECT_EQ(moved_of_others(before, driven.aggregate.buckets(), 0), 0u) << "p1 only gains";
}

TEST(Weights, AReloadChangesThem) {
    Driven driven = with_speeds(lagg(Protocol::LOADBALANCE, kTwo), {25000, 10000});
    driven.reconfigure([](config::Lagg &config) { config.weights = config::Weights::SPEED; });
    expect_shares(driven, {{"p0", 5}, {"p1", 2}});
}

TEST(Weights, RoundRobinHearsOfThem) {
    Driven driven = with_speeds(by_speed(Protocol::ROUNDROBIN, kTwo), {10000, 10000});
    (void)driven.aggregate.take_changed();
    driven.set_link("p0", true, 25000);
    EXPECT_TRUE(driven.aggregate.take_changed()) << "the workers have to be told";
    auto weights = driven.aggregate.forwarding().spread.weights;
    EXPECT_EQ(weights[0], 5u);
    EXPECT_EQ(weights[1], 2u);
    driven.set_link("p1", false, 0);
    weights = driven.aggregate.forwarding().spread.weights;
    EXPECT_EQ(weights[0], 1u);
    EXPECT_EQ(weights[1], 0u);
}

TEST(Weights, ADrainedPortHasNone) {
    Driven driven = with_speeds(by_speed(Protocol::LOADBALANCE, kTwo), {25000, 10000});
    driven.aggregate.set_drain("p0", true, driven.now);
    EXPECT_EQ(driven.aggregate.forwarding().spread.weights[0], 0u);
    EXPECT_EQ(buckets(driven), (std::map<std::string, size_t>{{"p1", kBuckets}}));
}

TEST(Weights, WithLacpFlowsMoveInOrder) {
    Pair pair(lagg(Protocol::LACP, kTwo));
    pair.run(5s);
    ASSERT_EQ(buckets(pair.a)["p0"], kBuckets / 2);
    set_weight(pair.a, "p0", 3);
    EXPECT_TRUE(pair.a.aggregate.flow_move().is_holding()) << "Markers first";
    pair.run(5s);
    EXPECT_FALSE(pair.a.aggregate.flow_move().is_holding());
    expect_shares(pair.a, {{"p0", 3}, {"p1", 1}});
    EXPECT_EQ(pair.a.aggregate.forwarding().spread.table, pair.a.aggregate.buckets());
}

} // namespace
} // namespace lagg::aggregation
