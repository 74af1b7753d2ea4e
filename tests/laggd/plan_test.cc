// What a change of the configuration comes down to, and which port is the same port.
#include "laggd/plan.hh"

#include <gtest/gtest.h>

namespace lagg::daemon {

namespace {

using Names = std::vector<std::string>;

config::Config config_of(const std::vector<std::pair<std::string, std::string>> &ports,
                         const std::vector<std::pair<std::string, Names>> &laggs) {
    config::Config config;
    for (const auto &[name, device] : ports) {
        config.ports.emplace_back();
        config.ports.back().name = name;
        config.ports.back().device = device;
    }
    for (const auto &[name, members] : laggs) {
        config.laggs.emplace_back();
        config.laggs.back().name = name;
        config.laggs.back().ports = members;
    }
    return config;
}

const config::Config kTwoPorts =
    config_of({{"p0", "net_ring0"}, {"p1", "net_ring1"}}, {{"lagg0", {"p0", "p1"}}});

} // namespace

TEST(Plan, FromNothingAllIsOpened) {
    const Plan plan = plan_change({}, {}, {}, kTwoPorts);
    EXPECT_EQ(plan.open, (Names{"p0", "p1"}));
    EXPECT_EQ(plan.laggs_added, Names{"lagg0"});
    EXPECT_TRUE(plan.close.empty());
    EXPECT_TRUE(plan.leave.empty());
}

TEST(Plan, APortThatNoLaggUsesIsLeftAlone) {
    config::Config next = kTwoPorts;
    next.laggs[0].ports = {"p0"};
    EXPECT_EQ(plan_change({}, {}, {}, next).open, Names{"p0"});
    const Plan plan = plan_change(kTwoPorts, {"p0", "p1"}, {}, next);
    EXPECT_EQ(plan.close, Names{"p1"});
    EXPECT_EQ(plan.leave, (std::vector<Membership>{{"lagg0", "p1"}}));
}

TEST(Plan, WeightsAndLacpOfAPortConcernNoDevice) {
    config::Config next = kTwoPorts;
    next.ports[0].weight = 3;
    next.ports[0].lacp.drain = true;
    next.ports[0].in_use = true;
    const Plan plan = plan_change(kTwoPorts, {"p0", "p1"}, {}, next);
    EXPECT_TRUE(plan.close.empty());
    EXPECT_TRUE(plan.leave.empty());
    EXPECT_TRUE(plan.exchange.empty());
    const Plan again = plan_change(kTwoPorts, {"p1"}, {"p0"}, next);
    EXPECT_EQ(again.try_again, Names{"p0"});
    EXPECT_TRUE(again.open.empty()) << "it may fail as it did before";
}

TEST(Plan, AFailedPortWithAnotherDeviceIsANewOne) {
    config::Config next = kTwoPorts;
    next.ports[0].device = "net_ring7";
    EXPECT_EQ(plan_change(kTwoPorts, {"p1"}, {"p0"}, next).open, Names{"p0"});
}

TEST(Plan, ExchangedDevicesWaitUntilTheOthersAreClosed) {
    const config::Config next =
        config_of({{"p0", "net_ring1"}, {"p1", "net_ring0"}}, {{"lagg0", {"p0", "p1"}}});
    const Plan plan = plan_change(kTwoPorts, {"p0", "p1"}, {}, next);
    EXPECT_EQ(plan.exchange, (Names{"p0", "p1"}));
    EXPECT_EQ(plan.close, (Names{"p0", "p1"}));
    EXPECT_EQ(plan.leave.size(), 2U);
    EXPECT_TRUE(plan.open.empty());
}

TEST(Plan, AnotherNameForADeviceWaitsToo) {
    const config::Config next =
        config_of({{"a", "net_ring0"}, {"p1", "net_ring1"}}, {{"lagg0", {"a", "p1"}}});
    const Plan plan = plan_change(kTwoPorts, {"p0", "p1"}, {}, next);
    EXPECT_EQ(plan.exchange, Names{"a"});
    EXPECT_EQ(plan.close, Names{"p0"});
}

TEST(Plan, APortThatMovesToAnotherLaggStaysOpen) {
    config::Config next = kTwoPorts;
    next.laggs[0].ports = {"p0"};
    next.laggs.push_back(next.laggs[0]);
    next.laggs[1].name = "lagg1";
    next.laggs[1].ports = {"p1"};
    const Plan plan = plan_change(kTwoPorts, {"p0", "p1"}, {}, next);
    EXPECT_TRUE(plan.close.empty());
    EXPECT_EQ(plan.leave, (std::vector<Membership>{{"lagg0", "p1"}}));
    EXPECT_EQ(plan.laggs_added, Names{"lagg1"});
}

TEST(Plan, ALaggThatComesOutElsewhereIsCutOffFirst) {
    config::Config running = kTwoPorts;
    running.laggs[0].ports = {"p0"};
    running.laggs[0].upper = {config::UpperKind::PORT, "p1"};
    config::Config next = running;
    EXPECT_TRUE(plan_change(running, {"p0", "p1"}, {}, next).without_upper.empty());
    next.ports[1].device = "net_ring9";
    EXPECT_EQ(plan_change(running, {"p0", "p1"}, {}, next).without_upper, Names{"lagg0"});
    next = running;
    next.laggs[0].upper = {};
    EXPECT_EQ(plan_change(running, {"p0", "p1"}, {}, next).without_upper, Names{"lagg0"});
}

TEST(Plan, ToNothingEverybodyLeaves) {
    const Plan plan = plan_change(kTwoPorts, {"p0", "p1"}, {}, {});
    EXPECT_EQ(plan.leave, (std::vector<Membership>{{"lagg0", ""}}));
    EXPECT_EQ(plan.close, (Names{"p0", "p1"}));
    EXPECT_EQ(plan.laggs_removed, Names{"lagg0"});
}

} // namespace lagg::daemon
