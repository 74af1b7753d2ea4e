// Speeds, durations, and the first reason that keeps a port idle.
#include "control/ctl/words.hh"

#include "tests/control/ctl/sample.hh"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace lagg::ctl {
namespace {

using api::Lagg;
using api::Port;

TEST(Words, Speed) {
    EXPECT_EQ(speed_text(0), "-");
    EXPECT_EQ(speed_text(10), "10M");
    EXPECT_EQ(speed_text(100), "100M");
    EXPECT_EQ(speed_text(1000), "1G");
    EXPECT_EQ(speed_text(2500), "2.5G");
    EXPECT_EQ(speed_text(1234), "1234M");
    EXPECT_EQ(speed_text(20'000'000), "20000G");
}

TEST(Words, Duration) {
    EXPECT_EQ(duration_text(0), "0.0 s");
    EXPECT_EQ(duration_text(1.24), "1.2 s");
    EXPECT_EQ(duration_text(9.96), "10 s");
    EXPECT_EQ(duration_text(95), "95 s");
    EXPECT_EQ(duration_text(119.7), "1 min");
    EXPECT_EQ(duration_text(3600), "60 min");
    EXPECT_EQ(duration_text(18750), "5 h 12 min");
    EXPECT_EQ(duration_text(3 * 86400 + 4 * 3600), "3 d 4 h");
    EXPECT_EQ(duration_text(-1), "0.0 s");
    EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "0.0 s");
}

// The reason for p1 of a healthy lagg that stopped distributing, after one more thing went wrong.
std::string reason(const std::function<void(Lagg &, Port &)> &harm) {
    Lagg lagg = testing::healthy();
    lagg.ports[1] = testing::port("p1", false);
    lagg.ports[1].lacp = testing::bundled(4);
    lagg.ports[1].lacp->machines.mux = "ATTACHED";
    harm(lagg, lagg.ports[1]);
    return why_idle(lagg, lagg.ports[1]);
}

TEST(Why, NothingWhileThePortDistributes) {
    const Lagg lagg = testing::healthy();
    EXPECT_EQ(why_idle(lagg, lagg.ports[0]), "");
}

TEST(Why, TheDeviceComesFirst) {
    EXPECT_EQ(reason([](Lagg &, Port &port) {
                  port.state = "failed";
                  port.problem = "no such PCI device";
                  port.link_up = false;
              }),
              "the device failed: no such PCI device");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.state = "opening"; }),
              "the device is being opened");
    EXPECT_EQ(reason([](Lagg &, Port &port) {
                  port.link_up = false;
                  port.lacp->machines.rx = "PORT_DISABLED";
              }),
              "link down");
}

TEST(Why, LacpInTheOrderInWhichItNegotiates) {
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.lacp->loopback = true; }),
              "its own LACPDUs come back: the other end is a loop");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.full_duplex = false; }),
              "half duplex: LACP aggregates full-duplex links only");
    EXPECT_EQ(reason([](Lagg &, Port &port) {
                  port.lacp->machines.rx = "DEFAULTED";
                  port.lacp->last_rx_seconds.reset();
              }),
              "no LACPDU has come; is LACP on at the other end?");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.lacp->machines.selected = "STANDBY"; }),
              "standby: the aggregator has all the ports it may use");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.lacp->machines.selected = "UNSELECTED"; }),
              "not selected by an aggregator");
    EXPECT_EQ(reason([](Lagg &, Port &port) {
                  port.lacp->aggregator = 2;
                  port.lacp->partner.system = "02:00:00:00:00:99";
              }),
              "leads to 02:00:00:00:00:99 key 64 (aggregator 2), while aggregator 1 is active");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.lacp->machines.mux = "WAITING"; }),
              "waiting to see whether more ports join");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.lacp->partner.flags = "A-G-----"; }),
              "the partner is not in sync");
    EXPECT_EQ(reason([](Lagg &, Port &port) { port.lacp->partner.flags = "A-GN----"; }),
              "the partner does not collect");
    EXPECT_EQ(reason([](Lagg &, Port &) {}), "mux is ATTACHED");
}

TEST(Why, MinLinksHoldsReadyPortsBack) {
    EXPECT_EQ(reason([](Lagg &lagg, Port &port) {
                  lagg.min_links = 2;
                  lagg.ports[0].distributing = false;
                  lagg.ports[0].lacp->machines.mux = "DETACHED";
                  port.lacp->machines.mux = "DISTRIBUTING";
              }),
              "ready, but only 1 of min_links 2 ports are");
}

TEST(Why, ProtocolsWithoutNegotiation) {
    const auto as = [](const char *protocol) {
        return reason([&](Lagg &lagg, Port &port) {
            lagg.protocol = protocol;
            port.lacp.reset();
        });
    };
    EXPECT_EQ(as("failover"), "standby: p0 carries the traffic");
    EXPECT_EQ(as("none"), "protocol none carries no traffic");
    EXPECT_EQ(as("loadbalance"), "not distributing");
    EXPECT_EQ(reason([](Lagg &lagg, Port &) { lagg.state = "DISABLED"; }), "the lagg is disabled");
}

} // namespace
} // namespace lagg::ctl
