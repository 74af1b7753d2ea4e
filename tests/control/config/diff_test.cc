// What a reload has to do, field by field.
#include "control/config/diff.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace lagg::config {
namespace {

using Names = std::vector<std::string>;

Lagg lagg(const std::string &name, Names ports) {
    Lagg lagg;
    lagg.name = name;
    lagg.ports = std::move(ports);
    return lagg;
}

Config base() {
    Config config;
    config.ports = {{"p0", "0000:03:00.0", {}, {}},
                    {"p1", "0000:03:00.1", {}, {}},
                    {"p2", "0000:03:00.2", {}, {}}};
    config.laggs = {lagg("lagg0", {"p0", "p1"}), lagg("lagg1", {"p2"})};
    config.laggs[0].aliases = {{false, {192, 0, 2, 1}, 24}, {false, {192, 0, 2, 2}, 24}};
    return config;
}

TEST(Diff, OfTheSameIsEmpty) {
    EXPECT_TRUE(diff(base(), base()).empty());
    EXPECT_TRUE(diff({}, {}).empty());
}

TEST(Diff, APortThatMayBeInUse) {
    Config to = base();
    to.ports[1].in_use = true;
    const Changes changes = diff(base(), to);
    EXPECT_EQ(changes.ports_allowed, Names{"p1"});
    EXPECT_FALSE(changes.empty());
    EXPECT_TRUE(changes.ports_removed.empty());
    EXPECT_TRUE(changes.laggs_changed.empty());
}

TEST(Diff, EachFieldOfALagg) {
    const std::vector<std::function<void(Lagg &)>> edits = {
        [](Lagg &l) { l.protocol = Protocol::FAILOVER; },
        [](Lagg &l) { l.ports = {"p0"}; },
        [](Lagg &l) { std::swap(l.ports[0], l.ports[1]); },
        [](Lagg &l) { l.mtu = 9000; },
        [](Lagg &l) { l.mac = MacAddress{2}; },
        [](Lagg &l) { l.aliases.pop_back(); },
        [](Lagg &l) { l.aliases[0].prefix_length = 16; },
        [](Lagg &l) { l.description = "x"; },
        [](Lagg &l) { l.hash.policy.fields = distribute::kLayer34; },
        [](Lagg &l) { l.hash.policy.symmetric = true; },
        [](Lagg &l) { l.hash.policy.inner = true; },
        [](Lagg &l) { l.hash.policy.nic = true; },
        [](Lagg &l) { l.hash.seed = 1; },
        [](Lagg &l) { l.hash.bpf = "/etc/lagg/mine.o"; },
        [](Lagg &l) { l.hash.rebalance = true; },
        [](Lagg &l) { l.weights = Weights::SPEED; },
        [](Lagg &l) {
            l.rules = {{"udp", "p0"}};
        },
        [](Lagg &l) { l.lacp.active = false; },
        [](Lagg &l) { l.lacp.fast = true; },
        [](Lagg &l) { l.lacp.strict = false; },
        [](Lagg &l) { l.lacp.system_priority = 1; },
        [](Lagg &l) { l.lacp.system_mac = MacAddress{2}; },
        [](Lagg &l) { l.lacp.port_priority = 1; },
        [](Lagg &l) { l.lacp.key = 1; },
        [](Lagg &l) { l.lacp.coupled = true; },
        [](Lagg &l) { l.lacp.max_links = 1; },
        [](Lagg &l) { l.lacp.revertive = false; },
        [](Lagg &l) { l.lacp.wait_to_restore_seconds = 1; },
        [](Lagg &l) { l.lacp.select = Select::COUNT; },
        [](Lagg &l) { l.lacp.fallback = Fallback::STATIC; },
        [](Lagg &l) { l.lacp.fallback_timeout_seconds = 1; },
        [](Lagg &l) { l.lacp.churn_time_seconds = 1; },
        [](Lagg &l) { l.lacp.partner.key = 1; },
        [](Lagg &l) { l.min_links = 2; },
        [](Lagg &l) { l.roundrobin_stride = 8; },
        [](Lagg &l) { l.rx_all = true; },
        [](Lagg &l) { l.upper.kind = UpperKind::NONE; },
    };
    for (size_t i = 0; i < edits.size(); ++i) {
        SCOPED_TRACE(i);
        Config to = base();
        edits[i](to.laggs[0]);
        const Changes changes = diff(base(), to);
        EXPECT_EQ(changes.laggs_changed, Names{"lagg0"});
        EXPECT_FALSE(changes.empty());
        EXPECT_TRUE(changes.laggs_added.empty() && changes.laggs_removed.empty());
        EXPECT_TRUE(changes.ports_added.empty() && changes.ports_removed.empty());
        EXPECT_TRUE(changes.needs_restart.empty());
    }
}

TEST(Diff, OrderInTheFileMeansNothing) {
    Config to = base();
    std::reverse(to.ports.begin(), to.ports.end());
    std::reverse(to.laggs.begin(), to.laggs.end());
    std::reverse(to.laggs[1].aliases.begin(), to.laggs[1].aliases.end());
    EXPECT_TRUE(diff(base(), to).empty());
}

TEST(Diff, LaggsComeAndGo) {
    Config to = base();
    to.laggs[1].name = "lagg7";
    const Changes changes = diff(base(), to);
    EXPECT_EQ(changes.laggs_removed, Names{"lagg1"});
    EXPECT_EQ(changes.laggs_added, Names{"lagg7"});
    EXPECT_TRUE(changes.laggs_changed.empty());
}

TEST(Diff, PortsComeAndGo) {
    Config to = base();
    to.ports.push_back({"p3", "0000:03:00.3", {}, {}});
    const Changes forth = diff(base(), to);
    EXPECT_EQ(forth.ports_added, Names{"p3"});
    EXPECT_TRUE(forth.ports_removed.empty());
    EXPECT_TRUE(forth.laggs_changed.empty());
    const Changes back = diff(to, base());
    EXPECT_EQ(back.ports_removed, Names{"p3"});
    EXPECT_TRUE(back.ports_added.empty());
    EXPECT_FALSE(back.empty());
}

TEST(Diff, AnotherDeviceIsAnotherPort) {
    for (const bool descriptors : {false, true}) {
        Config to = base();
        if (descriptors) {
            to.ports[1].descriptors = 512;
        } else {
            to.ports[1].device = "0000:04:00.0";
        }
        const Changes changes = diff(base(), to);
        EXPECT_EQ(changes.ports_removed, Names{"p1"});
        EXPECT_EQ(changes.ports_added, Names{"p1"});
        EXPECT_EQ(changes.laggs_changed, Names{"lagg0"});
    }
}

TEST(Diff, AnotherDeviceOfAnUpperPort) {
    Config from = base();
    from.laggs.pop_back();
    from.laggs[0].upper = {UpperKind::PORT, "p2"};
    Config to = from;
    to.ports[2].device = "0000:04:00.0";
    const Changes changes = diff(from, to);
    EXPECT_EQ(changes.laggs_changed, Names{"lagg0"});
}

TEST(Diff, AnUpperPortHasNeitherWeightNorLacp) {
    Config from = base();
    from.laggs.pop_back();
    from.laggs[0].upper = {UpperKind::PORT, "p2"};
    Config to = from;
    to.ports[2].weight = 3;
    to.ports[2].lacp.priority = 1;
    EXPECT_TRUE(diff(from, to).empty());
}

TEST(Diff, AnUpperPortIsPartOfTheUpper) {
    Config from = base();
    from.laggs.pop_back();
    from.laggs[0].upper = {UpperKind::PORT, "p2"};
    Config to = from;
    to.laggs[0].upper.port = "p3";
    EXPECT_EQ(diff(from, to).laggs_changed, Names{"lagg0"});
}

TEST(Diff, APortsParametersAreAMatterOfItsLagg) {
    const std::vector<std::function<void(PortLacp &)>> edits = {
        [](PortLacp &l) { l.priority = 1; },      [](PortLacp &l) { l.active = true; },
        [](PortLacp &l) { l.fast = false; },      [](PortLacp &l) { l.key = 1; },
        [](PortLacp &l) { l.enabled = false; },   [](PortLacp &l) { l.drain = true; },
        [](PortLacp &l) { l.individual = true; },
    };
    for (const auto &edit : edits) {
        Config to = base();
        edit(to.ports[2].lacp);
        const Changes changes = diff(base(), to);
        EXPECT_TRUE(changes.ports_added.empty());
        EXPECT_TRUE(changes.ports_removed.empty());
        EXPECT_EQ(changes.laggs_changed, Names{"lagg1"});
    }
}

TEST(Diff, APortsWeightIsAMatterOfItsLagg) {
    Config to = base();
    to.ports[2].weight = 3;
    const Changes changes = diff(base(), to);
    EXPECT_TRUE(changes.ports_added.empty());
    EXPECT_EQ(changes.laggs_changed, Names{"lagg1"});
}

TEST(Diff, EachKeyOfTheDaemon) {
    Config to;
    to.daemon.workers = {2};
    to.daemon.memory = Memory::NONE;
    to.daemon.buffers = 1024;
    to.daemon.memory_mb = 64;
    to.daemon.poll = Poll::BUSY;
    to.daemon.api = "/x";
    to.daemon.log = "debug";
    to.daemon.record = "/tmp/record";
    to.daemon.eal = {"-v"};
    const Names all = {"workers", "memory", "buffers", "memory_mb", "poll",
                       "api",     "log",    "record",  "eal"};
    EXPECT_EQ(diff({}, to).needs_restart, all);
    EXPECT_FALSE(diff({}, to).empty());

    Config one;
    one.daemon.poll = Poll::BUSY;
    EXPECT_EQ(diff({}, one).needs_restart, Names{"poll"});
}

} // namespace
} // namespace lagg::config
