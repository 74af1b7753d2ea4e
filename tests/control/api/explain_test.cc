// One case for every finding: a healthy port, one thing wrong with it, and what the operator is
// told.
#include "control/api/explain.hh"

#include "tests/laggctl/sample.hh"

#include <gtest/gtest.h>

#include <functional>

namespace lagg::api {
namespace {

using Harm = std::function<void(Lagg &, Port &)>;

/// p1 of a healthy lagg stopped distributing: the last moment before it would.
Lagg idle() {
    Lagg lagg = ctl::testing::healthy();
    lagg.ports[1] = ctl::testing::port("p1", false);
    lagg.ports[1].lacp = ctl::testing::bundled(4);
    lagg.ports[1].lacp->machines.mux = "ATTACHED";
    return lagg;
}

Why after(const Harm &harm) {
    Lagg lagg = idle();
    harm(lagg, lagg.ports[1]);
    return explain(lagg, lagg.ports[1]);
}

struct Case {
    const char *finding;
    const char *reason;
    const char *advice; ///< a part of it
    Harm harm;
};

const std::vector<Case> &cases() {
    static const std::vector<Case> all{
        {"device_failed", "the device failed: no such PCI device", "tries again",
         [](Lagg &, Port &port) {
             port.state = "failed";
             port.problem = "no such PCI device";
             port.link_up = false;
         }},
        {"device_opening", "the device is being opened", "",
         [](Lagg &, Port &port) { port.state = "opening"; }},
        {"link_down", "link down", "cable",
         [](Lagg &, Port &port) {
             port.link_up = false;
             port.lacp->machines.rx = "PORT_DISABLED";
         }},
        {"lacp_not_started", "LACP has not started on it", "",
         [](Lagg &, Port &port) { port.lacp.reset(); }},
        {"lacp_off", "LACP is off on it", "enabled = true",
         [](Lagg &, Port &port) { port.lacp->parameters.enabled = false; }},
        {"lacp_off", "LACP is off on it", "enabled = true",
         [](Lagg &, Port &port) { port.lacp->machines.rx = "LACP_DISABLED"; }},
        {"half_duplex", "half duplex: LACP aggregates full-duplex links only", "full duplex",
         [](Lagg &, Port &port) { port.full_duplex = false; }},
        {"txtest", "txtest holds its LACPDUs back", "laggctl lacp txtest p1 off",
         [](Lagg &, Port &port) { port.lacp->txtest = true; }},
        {"passive", "passive, and no active partner has spoken: nobody begins", "active",
         [](Lagg &, Port &port) {
             port.lacp->parameters.active = false;
             port.lacp->partner.flags = "--------";
             port.lacp->machines.rx = "DEFAULTED";
             port.lacp->last_rx_seconds.reset();
         }},
        {"nothing_sent", "no LACPDU has been sent", "SLOW-DROPPED",
         [](Lagg &, Port &port) { port.lacp->counters.lacpdus_tx = 0; }},
        {"nothing_sent", "no LACPDU has been sent; 7 were made and could not be sent", "buffers",
         [](Lagg &, Port &port) {
             port.lacp->counters.lacpdus_tx = 0;
             port.lacp->lacpdus_unsent = 7;
         }},
        {"rxtest", "rxtest drops the LACPDUs that come", "laggctl lacp rxtest p1 off",
         [](Lagg &, Port &port) { port.lacp->rxtest = true; }},
        {"partner_silent", "no LACPDU for 95 s", "laggctl lacp pdus p1",
         [](Lagg &, Port &port) {
             port.lacp->machines.rx = "EXPIRED";
             port.lacp->last_rx_seconds = 95;
         }},
        {"partner_unheard", "no LACPDU has come; is LACP on at the other end?", "loadbalance",
         [](Lagg &, Port &port) {
             port.lacp->machines.rx = "DEFAULTED";
             port.lacp->last_rx_seconds.reset();
         }},
        {"loopback", "its own LACPDUs come back: the other end is a loop", "cable",
         [](Lagg &, Port &port) { port.lacp->loopback = true; }},
        {"cloned", "another system has our MAC 02:00:00:aa:00:01: it is not this host by its key 9",
         "system_mac",
         [](Lagg &, Port &port) {
             port.lacp->loopback = true;
             port.lacp->stranger_by = "its key 9";
         }},
        {"partner_tagged",
         "LACPDUs come with a tag of VLAN 5, the last 0.8 s ago: nobody takes them", "untagged",
         [](Lagg &, Port &port) {
             port.lacp->machines.rx = "DEFAULTED";
             port.lacp->last_rx_seconds.reset();
             port.lacp->tagged = {5, 0.8, 7};
         }},
        {"partner_too_slow",
         "LACPDUs come up to 10 s apart, though one a second is asked for: the partner is lost "
         "after 3 s",
         "rate = \"slow\"",
         [](Lagg &, Port &port) {
             port.distributing = true;
             port.lacp->too_slow_seconds = 10.0;
         }},
        {"one_way", "the partner does not hear us, though we hear it", "01:80:c2:00:00:02",
         [](Lagg &, Port &port) {
             port.lacp->partner_sees = LacpEnd{.system = "00:00:00:00:00:00"};
         }},
        {"mistaken",
         "the partner takes us for 32768,02:00:00:aa:00:01 key 17 port 32768,9, but this is "
         "32768,02:00:00:aa:00:01 key 17 port 32768,4",
         "somebody else", [](Lagg &, Port &port) { port.lacp->partner_sees->port = 9; }},
        {"drained", "drained by the operator", "laggctl drain lagg0 p1 off",
         [](Lagg &, Port &port) { port.drained_by = "operator"; }},
        {"drained", "drained by the configuration", "reload",
         [](Lagg &, Port &port) { port.drained_by = "configuration"; }},
        {"restoring", "works again, and waits to be trusted (wait_to_restore is 60 s)", "Wait",
         [](Lagg &lagg, Port &port) {
             lagg.lacp->wait_to_restore_seconds = 60;
             port.lacp->waiting_to_restore = true;
             port.lacp->machines.selected = "STANDBY";
         }},
        {"unselected", "not selected by an aggregator", "laggctl lacp history p1",
         [](Lagg &, Port &port) { port.lacp->machines.selected = "UNSELECTED"; }},
        {"individual_here", "it is Individual by its configuration, and aggregator 1 is active",
         "'individual'",
         [](Lagg &, Port &port) {
             port.lacp->aggregator = 2;
             port.lacp->machines.selected = "STANDBY";
             port.lacp->parameters.individual = true;
         }},
        {"individual_there", "the partner calls the link Individual, and aggregator 1 is active",
         "same LACP group",
         [](Lagg &, Port &port) {
             port.lacp->aggregator = 2;
             port.lacp->machines.selected = "STANDBY";
             port.lacp->partner.flags = "A--N----";
         }},
        {"partner_key", "the partner's key is 65 here and 64 on p0: another group",
         "same LACP group as p0",
         [](Lagg &, Port &port) {
             port.lacp->aggregator = 2;
             port.lacp->machines.selected = "STANDBY";
             port.lacp->partner.key = 65;
         }},
        {"own_key", "its key is 18, and that of p0 is 17", "same key",
         [](Lagg &, Port &port) {
             port.lacp->aggregator = 2;
             port.lacp->machines.selected = "STANDBY";
             port.lacp->actor.key = port.lacp->partner_sees->key = 18;
         }},
        {"other_partner",
         "leads to 00:1c:73:0c:0d:e1 key 64 (aggregator 2), while aggregator 1 is active",
         "select = \"stable\"",
         [](Lagg &, Port &port) {
             port.lacp->aggregator = 2;
             port.lacp->machines.selected = "STANDBY";
             port.lacp->partner.system = "00:1c:73:0c:0d:e1";
         }},
        {"max_links", "standby: max_links 1 ports are in use", "partner's port priorities",
         [](Lagg &lagg, Port &port) {
             lagg.lacp->max_links = 1;
             port.lacp->machines.selected = "STANDBY";
         }},
        {"max_links", "standby: max_links 1 ports are in use", "lower is better",
         [](Lagg &lagg, Port &port) {
             lagg.lacp->max_links = 1;
             port.lacp->machines.selected = "STANDBY";
             port.lacp->partner.system_priority = 65535;
         }},
        {"standby", "standby: the aggregator has all the ports it may use", "",
         [](Lagg &, Port &port) { port.lacp->machines.selected = "STANDBY"; }},
        {"waiting", "waiting to see whether more ports join", "2 s",
         [](Lagg &, Port &port) { port.lacp->machines.mux = "WAITING"; }},
        {"partner_not_in_sync", "the partner is not in sync", "decides",
         [](Lagg &, Port &port) { port.lacp->partner.flags = "A-G-----"; }},
        {"partner_not_collecting", "the partner does not collect", "coupled",
         [](Lagg &, Port &port) { port.lacp->partner.flags = "A-GN----"; }},
        {"mux", "mux is ATTACHED", "laggctl lacp history p1", [](Lagg &, Port &) {}},
        {"min_links", "ready, but only 1 of min_links 2 ports are", "lower min_links",
         [](Lagg &lagg, Port &port) {
             lagg.min_links = 2;
             lagg.ports[0].distributing = false;
             lagg.ports[0].lacp->machines.mux = "DETACHED";
             port.lacp->machines.mux = "DISTRIBUTING";
         }},
        {"disabled", "the lagg is disabled", "configuration",
         [](Lagg &lagg, Port &) { lagg.state = "DISABLED"; }},
        {"drained", "drained by the operator", "laggctl drain lagg0 p1 off",
         [](Lagg &lagg, Port &port) {
             lagg.protocol = "loadbalance";
             port.drained_by = "operator";
         }},
        {"lacp_unwanted",
         "the other end (00:1c:73:0c:0d:e0) speaks LACP, last 0.8 s ago, and hears none from here",
         "protocol = \"lacp\"",
         [](Lagg &lagg, Port &port) {
             lagg.protocol = "loadbalance";
             port.distributing = true;
             port.unwanted_lacp = {"00:1c:73:0c:0d:e0", 0.8, 7};
         }},
        {"failover_standby", "standby: p0 carries the traffic", "order of 'ports'",
         [](Lagg &lagg, Port &) { lagg.protocol = "failover"; }},
        {"protocol_none", "protocol none carries no traffic", "another protocol",
         [](Lagg &lagg, Port &) { lagg.protocol = "none"; }},
        {"not_distributing", "not distributing", "",
         [](Lagg &lagg, Port &) { lagg.protocol = "loadbalance"; }},
    };
    return all;
}

} // namespace

TEST(Why, EveryFinding) {
    for (const Case &one : cases()) {
        SCOPED_TRACE(one.reason);
        const Why why = after(one.harm);
        EXPECT_EQ(why.finding, one.finding);
        EXPECT_EQ(why.reason, one.reason);
        EXPECT_NE(why.advice.find(one.advice), std::string::npos) << why.advice;
        EXPECT_FALSE(why.carries);
        ASSERT_FALSE(why.steps.empty());
        for (size_t i = 0; i + 1 < why.steps.size(); ++i)
            EXPECT_TRUE(why.steps[i].ok) << why.steps[i].check;
        EXPECT_FALSE(why.steps.back().ok);
        EXPECT_EQ(why.steps.back().says, one.reason);
    }
}

// The first thing wrong on the walk is named, since it hides every later one.
TEST(Why, TheFirstThingThatIsWrongCounts) {
    const auto of = [](const char *finding) {
        for (const Case &one : cases())
            if (std::string(one.finding) == finding) return one.harm;
        return Harm{};
    };
    const char *order[] = {"link_down",
                           "half_duplex",
                           "txtest",
                           "rxtest",
                           "loopback",
                           "one_way",
                           "drained",
                           "partner_not_in_sync",
                           "partner_not_collecting"};
    for (size_t first = 0; first < std::size(order); ++first)
        for (size_t later = first + 1; later < std::size(order); ++later) {
            const Why why = after([&](Lagg &lagg, Port &port) {
                of(order[later])(lagg, port);
                of(order[first])(lagg, port);
            });
            EXPECT_EQ(why.finding, order[first]) << "and " << order[later];
        }
}

TEST(Why, BecomesPartOfTheSnapshot) {
    Lagg lagg = ctl::testing::degraded();
    explain(lagg);
    ASSERT_TRUE(lagg.ports[0].why && lagg.ports[1].why);
    EXPECT_TRUE(lagg.ports[0].why->carries);
    EXPECT_EQ(lagg.ports[1].why->finding, "partner_silent");
    EXPECT_EQ(lagg.warnings, std::vector<std::string>{"p1: no LACPDU for 95 s"});
}

TEST(Why, ACarryingPortIsOkThroughout) {
    const Lagg lagg = ctl::testing::healthy();
    const Why why = explain(lagg, lagg.ports[0]);
    EXPECT_TRUE(why.carries);
    EXPECT_EQ(why.finding, "carries");
    EXPECT_EQ(why.reason, "");
    EXPECT_EQ(why.steps.size(), 17u);
    for (const WhyStep &step : why.steps)
        EXPECT_TRUE(step.ok) << step.check;
}

TEST(Why, ASilentPartnerIsNoHarmWhereOneIsAssumed) {
    for (const bool strict : {false, true}) {
        const Why why = after([&](Lagg &lagg, Port &port) {
            lagg.lacp->strict = strict;
            lagg.lacp->fallback = "static";
            lagg.lacp->fallback_active = strict;
            port.lacp->machines.rx = "DEFAULTED";
            port.lacp->machines.mux = "WAITING";
            port.lacp->partner_sees.reset();
            port.lacp->last_rx_seconds.reset();
        });
        EXPECT_EQ(why.finding, "waiting") << why.reason;
    }
}

TEST(Why, FramesThatNobodyCutsAreAFinding) {
    const Why why = after([](Lagg &, Port &port) { port.nic.rx_too_large = 3; });
    EXPECT_EQ(why.finding, "frames_too_large");
    EXPECT_NE(why.advice.find("tso off gso off"), std::string::npos);
}

TEST(Why, ADeafPortIsAFindingThoughItSends) {
    const Why deaf = after([](Lagg &, Port &port) { port.hears_lagg = ""; });
    EXPECT_EQ(deaf.finding, "cannot_hear");
    EXPECT_FALSE(deaf.carries);
    const Why without_lacp = after([](Lagg &lagg, Port &port) {
        lagg.protocol = "loadbalance";
        port.hears_slow = "";
    });
    EXPECT_NE(without_lacp.finding, "cannot_hear_slow_protocols");
    EXPECT_EQ(after([](Lagg &, Port &port) { port.hears_slow = ""; }).finding,
              "cannot_hear_slow_protocols");
    EXPECT_NE(after([](Lagg &, Port &port) { port.hears_lagg.reset(); }).finding, "cannot_hear")
        << "an older daemon does not say";
}

TEST(Why, AnotherEndThatSpeaksLacpNoMoreIsNoHarm) {
    const Why why = after([](Lagg &lagg, Port &port) {
        lagg.protocol = "loadbalance";
        port.distributing = true;
        port.unwanted_lacp = {"00:1c:73:0c:0d:e0", 120, 7};
    });
    EXPECT_TRUE(why.carries) << why.reason;
}

TEST(Why, TagsOfLongAgoAreNoReason) {
    const Why why = after([](Lagg &, Port &port) {
        port.lacp->machines.rx = "DEFAULTED";
        port.lacp->last_rx_seconds = 130;
        port.lacp->tagged = {5, 120, 7};
    });
    EXPECT_EQ(why.finding, "partner_silent");
}

} // namespace lagg::api
