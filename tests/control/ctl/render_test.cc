// What the operator sees, letter by letter.
#include "control/ctl/render.hh"

#include "control/ctl/table.hh"
#include "tests/control/ctl/sample.hh"

#include <gtest/gtest.h>

namespace lagg::ctl {
namespace {

using testing::degraded;
using testing::failover;
using testing::healthy;

TEST(Render, SummaryAlignsToContentAndSaysWhyPortsAreIdle) {
    EXPECT_EQ(
        render_summary({degraded(), failover()}),
        R"(NAME    PROTO     STATE     PORTS  SPEED  MTU   HASH      PARTNER            UPPER         DESCRIPTION
lagg0   LACP      DEGRADED  1/2    10G    9000  layer3+4  00:1c:73:0c:0d:e0  kernel:lagg0  uplink to sw1
  ! p1: no LACPDU for 95 s
lagg12  FAILOVER  UP        1/2    2.5G   1500  -         -                  port:vm       -
  ! p3: standby: p2 carries the traffic
)");
}

TEST(Render, SummaryOfAHealthyLaggHasNoWarning) {
    EXPECT_EQ(render_summary({healthy()}).find('!'), std::string::npos);
}

TEST(Render, SummaryWithoutLaggsSaysSo) {
    EXPECT_EQ(render_summary({}), "no lagg is configured\n");
    EXPECT_EQ(render_show({}, View::LACP), "no lagg is configured\n");
}

TEST(Render, Overview) {
    EXPECT_EQ(render_show({degraded()}, View::OVERVIEW), R"(lagg0  uplink to sw1
  state        DEGRADED, 1 of 2 ports, 10G, carrier on, for 2 h 5 min: p1 joined
  protocol     LACP active, rate slow (partner sends every 30 s, expires after 90 s)
  partner      00:1c:73:0c:0d:e0
  distributes  layer3+4, seed 0x00001234
  min_links    1
  mac          02:00:00:aa:00:01
  mtu          9000
  upper        kernel:lagg0
  aliases      192.0.2.1/24
               2001:db8::1/64
  PORT  LINK  TRAFFIC    SHARE  DEVICE
  p0    10G   rx+tx    100.0 %  0000:03:00.0
  p1    10G   -          0.0 %  0000:03:00.1
  ! p1: no LACPDU for 95 s
)");
}

TEST(Render, LacpHasTheFlagsLegendOnceAtTheEnd) {
    EXPECT_EQ(
        render_show({degraded(), failover()}, View::LACP),
        R"(lagg0  LACP active, rate slow (partner sends every 30 s, expires after 90 s), min_links 1, system 32768,02:00:00:aa:00:01, key 17, aggregator 1
  PORT  LINK  BUNDLED  AGG  ACTOR     PARTNER   RX       MUX                      PARTNER-SYSTEM         KEY  PARTNER-PORT  PDU-TX/RX/BAD  LAST-RX  CHURN-A/P
  p0    10G   yes        1  A-GNCD--  A-GNCD--  CURRENT  COLLECTING_DISTRIBUTING  100,00:1c:73:0c:0d:e0   64  80,203        47/46/3           12 s  0/0
  p1    10G   no         1  A-GNCD--  A-GNCD--  EXPIRED  DETACHED                 100,00:1c:73:0c:0d:e0   64  80,204        47/46/3           95 s  0/0
  ! p1: no LACPDU for 95 s

lagg12  FAILOVER: no LACP here
Flags: A activity  S short timeout  G aggregatable  N in sync  C collecting  D distributing  F defaulted  E expired
)");
    EXPECT_EQ(render_show({failover()}, View::LACP), "lagg12  FAILOVER: no LACP here\n");
}

TEST(Render, LacpOfAPortThatHasNotStarted) {
    api::Lagg lagg = healthy();
    lagg.ports[0].lacp.reset();
    lagg.ports[0].distributing = false;
    const std::string text = render_show({lagg}, View::LACP);
    EXPECT_NE(text.find("system 32768,02:00:00:aa:00:01"), std::string::npos);
    EXPECT_NE(text.find("! p0: LACP has not started on it"), std::string::npos);
}

TEST(Render, Ports) {
    EXPECT_EQ(render_show({degraded()}, View::PORTS),
              R"(lagg0  DEGRADED, 1 of 2 ports
  PORT  STATE    LINK  DUPLEX  TRAFFIC  BUCKETS    SHARE  LINK-LOST  WATCHED-BY  MAC                DRIVER     DEVICE
  p0    running  10G   full    rx+tx       4096  100.0 %          0  interrupt   02:00:00:00:00:00  net_ixgbe  0000:03:00.0
  p1    running  10G   full    -              0    0.0 %          0  interrupt   02:00:00:00:00:01  net_ixgbe  0000:03:00.1
  ! p1: no LACPDU for 95 s
)");
}

TEST(Render, Counters) {
    EXPECT_EQ(render_show({healthy()}, View::COUNTERS),
              R"(lagg0  upper is kernel:lagg0 (rx came from it, tx went to it)
  WHERE  RX-PACKETS   RX-BYTES  TX-PACKETS  TX-BYTES  RX-NOT-COLL  TX-NO-PORT  TX-FULL  SLOW-RX  SLOW-TX  SLOW-DROPPED
  p0              0  123456789           0         0            0           0        0        0        0             0
  p1              0          0           0         0            0           0        0        0        0             0
  upper          30          0           0         0            0           4        0        0        0             0
)");
}

TEST(Render, Hash) {
    EXPECT_EQ(render_show({healthy(), failover()}, View::HASH),
              R"(lagg0  LACP: layer3+4, seed 0x00001234
  PORT  BUCKETS   SHARE
  p0       2048  50.0 %
  p1       2048  50.0 %

lagg12  FAILOVER: the first port that is up
)");
}

TEST(Render, Status) {
    api::Status status;
    status.version = "1.2.3";
    status.pid = 42;
    status.uptime_seconds = 90;
    status.config_file = "/etc/lagg/lagg.toml";
    status.memory = "huge pages";
    status.buffers_total = 16384;
    status.buffers_free = 16000;
    status.last_reload = "ok";
    status.workers = {{1, 1000, 123}, {2, 0, 0}};
    status.laggs = {healthy(), degraded(), failover()};
    EXPECT_EQ(render_status(status), R"(laggd 1.2.3  pid 42, up for 90 s
  config   /etc/lagg/lagg.toml
  reload   ok
  memory   huge pages
  buffers  16000 of 16384 free
  worker   lcore 1, 1000 loops, 12.3 % of them moved a packet
  worker   lcore 2, 0 loops, 0.0 % of them moved a packet
  laggs    2 UP, 1 DEGRADED
)");
}

TEST(Render, TooFewPortsForMinLinksIsAWarningOfItsOwn) {
    api::Lagg lagg = degraded();
    lagg.min_links = 2;
    EXPECT_NE(render_summary({lagg}).find("  ! 1 of min_links 2 ports distribute\n"),
              std::string::npos);
}

TEST(Render, ForeignTextCannotSteerTheTerminal) {
    api::Lagg lagg = healthy();
    lagg.description = "up\nlink\x1b[2J";
    lagg.ports[0].state = "failed";
    lagg.ports[0].distributing = false;
    lagg.ports[0].problem = "no\rdevice";
    for (const View view : {View::OVERVIEW, View::LACP, View::PORTS, View::COUNTERS, View::HASH}) {
        const std::string text = render_show({lagg}, view) + render_summary({lagg});
        EXPECT_EQ(text.find('\x1b'), std::string::npos);
        EXPECT_EQ(text.find('\r'), std::string::npos);
    }
    EXPECT_NE(render_summary({lagg}).find("up?link?[2J"), std::string::npos);
}

TEST(Table, CountsLettersNotBytes) {
    Table table({{"A"}, {"B"}});
    table.row({"\xc3\xbc", "x"});
    table.row({"u", ""});
    EXPECT_EQ(table.text(), "A  B\n\xc3\xbc  x\nu  -\n");
}

TEST(Table, PrintableLinesKeepsTheLinesAlone) {
    EXPECT_EQ(printable_lines("a\x1b\nb\n\n"), "a?\nb");
    EXPECT_EQ(printable_lines(""), "");
}

} // namespace
} // namespace lagg::ctl
