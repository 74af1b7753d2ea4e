// What the operator sees, letter by letter.
#include "laggctl/render.hh"

#include "control/api/explain.hh"
#include "control/api/json.hh"
#include "dataplane/base/wording.hh"
#include "laggctl/outcome.hh"
#include "laggctl/table.hh"
#include "laggctl/why.hh"
#include "tests/laggctl/sample.hh"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>
#include <sstream>

namespace lagg::ctl {
namespace {

using nlohmann::json;
using testing::degraded;
using testing::failover;
using testing::healthy;

/// As they come from the daemon.
std::vector<api::Lagg> explained(std::vector<api::Lagg> laggs) {
    for (api::Lagg &lagg : laggs)
        api::explain(lagg);
    return laggs;
}

TEST(Render, SummaryAlignsToContentAndSaysWhyPortsAreIdle) {
    EXPECT_EQ(
        render_summary(explained({degraded(), failover()})),
        R"(NAME    PROTO     STATE     PORTS  SPEED  MTU   HASH      PARTNER            UPPER         DESCRIPTION
lagg0   LACP      DEGRADED  1/2    10G    9000  layer3+4  00:1c:73:0c:0d:e0  kernel:lagg0  uplink to sw1
  ! p1: no LACPDU for 95 s
lagg12  FAILOVER  UP        1/2    2.5G   1500  -         -                  port:vm       -
  ! p3: standby: p2 carries the traffic
)");
}

TEST(Render, SummaryOfAHealthyLaggHasNoWarning) {
    EXPECT_EQ(render_summary(explained({healthy()})).find('!'), std::string::npos);
}

TEST(Render, SummaryWithoutLaggsSaysSo) {
    EXPECT_EQ(render_summary({}), "no lagg is configured\n");
    EXPECT_EQ(render_show({}, View::LACP), "no lagg is configured\n");
}

TEST(Render, Overview) {
    EXPECT_EQ(render_show(explained({degraded()}), View::OVERVIEW), R"(lagg0  uplink to sw1
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
    EXPECT_EQ(render_show(explained({degraded(), failover()}), View::LACP),
              R"(lagg0  LACP active, rate slow (partner sends every 30 s, expires after 90 s)
  system   32768,02:00:00:aa:00:01, key 17, independent mux, strict, min_links 1, no max_links
  policy   select stable, revertive, restored at once, no fallback, churn after 60 s
  partner  100,00:1c:73:0c:0d:e0, key 64, on aggregator 1
  PORT  LINK  TRAFFIC  AGG  SELECTED  RX       PERIODIC       MUX                      ACTOR     PARTNER
  p0    10G   rx+tx      1  SELECTED  CURRENT  SLOW_PERIODIC  COLLECTING_DISTRIBUTING  A-GNCD--  A-GNCD--
  p1    10G   -          1  SELECTED  EXPIRED  SLOW_PERIODIC  DETACHED                 A-GNCD--  A-GNCD--
  PORT  PORT-ID  PARTNER-SYSTEM         KEY  PARTNER-PORT  LAST-TX  LAST-RX      SINCE  MUX-CHANGED-BECAUSE
  p0    32768,3  100,00:1c:73:0c:0d:e0   64  80,203           12 s     12 s  2 h 5 min  partner is collecting
  p1    32768,4  100,00:1c:73:0c:0d:e0   64  80,204           12 s     95 s  2 h 5 min  partner is collecting
  PORT  LACPDU-TX  LACPDU-RX  MARKER-TX  MARKER-RX  ANSWER-TX  ANSWER-RX  UNKNOWN  ILLEGAL  ACTOR-CHURN  PARTNER-CHURN
  p0           47         46          0          0          0          0        1        2  NO_CHURN     NO_CHURN
  p1           47         46          0          0          0          0        1        2  NO_CHURN     NO_CHURN
  ! p1: no LACPDU for 95 s

lagg12  FAILOVER: no LACP here
Flags: A activity  S short timeout  G aggregatable  N in sync  C collecting  D distributing  F defaulted  E expired
)");
    EXPECT_EQ(render_show(explained({failover()}), View::LACP), "lagg12  FAILOVER: no LACP here\n");
}

TEST(Render, LacpOfAPortThatHasNotStarted) {
    api::Lagg lagg = healthy();
    lagg.ports[0].lacp.reset();
    lagg.ports[0].distributing = false;
    const std::string text = render_show(explained({lagg}), View::LACP);
    EXPECT_NE(text.find("  p0    10G   rx         -  -         -"), std::string::npos) << text;
    EXPECT_NE(text.find("! p0: LACP has not started on it"), std::string::npos);
}

TEST(Render, LacpSaysWhatIsInForce) {
    api::Lagg lagg = healthy();
    lagg.lacp->max_links = 3;
    lagg.lacp->coupled = true;
    lagg.lacp->strict = false;
    lagg.lacp->revertive = false;
    lagg.lacp->wait_to_restore_seconds = 30;
    lagg.lacp->fallback = "static";
    lagg.ports[0].lacp->actor_churn_count = 2;
    lagg.ports[0].lacp->ignores_markers = true;
    lagg.ports[0].lacp->txtest = true;
    lagg.ports[0].drained_by = "operator";
    lagg.ports[1].lacp->rxtest = true;
    std::string text = render_show(explained({lagg}), View::LACP);
    for (const char *words :
         {"coupled mux, not strict, min_links 1, max_links 3", "not revertive, restored after 30 s",
          "fallback static after 10 s", "NO_CHURN (2)", "! p0: txtest holds its LACPDUs back",
          "! p0: its flows are being moved", "ignored", "! p1: rxtest drops the LACPDUs that come"})
        EXPECT_NE(text.find(words), std::string::npos) << words << " in " << text;
    lagg.lacp->fallback_active = true;
    text = render_show(explained({lagg}), View::LACP);
    EXPECT_NE(text.find("fallback static is ACTIVE"), std::string::npos) << text;
}

// A terminal has 80 to 120 columns.
TEST(Render, LacpFitsATerminal) {
    std::istringstream text(render_show(explained({degraded()}), View::LACP));
    for (std::string line; std::getline(text, line);)
        EXPECT_LE(line.size(), 120u) << line;
}

api::PortHistory some_history() {
    api::PortHistory history;
    history.lagg = "lagg0";
    history.port = "p1";
    history.transitions = {
        {"2026-01-31T11:59:58.750Z", 1.5, "mux", "WAITING", "ATTACHED", "ready"}};
    const api::LacpPort lacp = testing::bundled(4);
    api::Pdu lacpdu{.time = "2026-01-31T11:59:58.750Z", .direction = "rx", .kind = "LACPDU"};
    lacpdu.actor = lacp.partner;
    lacpdu.partner = lacp.actor;
    lacpdu.changed = {"actor +N", "partner key 16>17"};
    lacpdu.hex = "0180c2000002";
    api::Pdu marker{.time = "2026-01-31T11:59:59.001Z", .direction = "tx", .kind = "Marker"};
    marker.marker = {"02:00:00:aa:00:01", 4, 77};
    api::Pdu other{.direction = "rx", .kind = "unknown", .length = 60};
    history.pdus = {lacpdu, marker, other};
    return history;
}

TEST(Render, Pdus) {
    EXPECT_EQ(render_pdus(some_history(), false),
              R"(lagg0  p1: the last frames, oldest first, times in UTC
  TIME          DIR  KIND     ACTOR system key port flags               PARTNER system key port flags                CHANGED
  11:59:58.750  rx   LACPDU   100,00:1c:73:0c:0d:e0 64 80,204 A-GNCD--  32768,02:00:00:aa:00:01 17 32768,4 A-GNCD--  actor +N, partner key 16>17
  11:59:59.001  tx   Marker   -                                         -                                            of 02:00:00:aa:00:01 port 4, transaction 77
  -             rx   unknown  -                                         -                                            60 octets
)");
    EXPECT_NE(render_pdus(some_history(), true).find("      0  0180c2000002\n"), std::string::npos);
    EXPECT_EQ(render_pdus({"lagg0", "p1", {}, {}}, false),
              "lagg0  p1: no frame has been sent or has come\n");
}

TEST(Render, History) {
    EXPECT_EQ(render_history(some_history()),
              R"(lagg0  p1: what its machines did, oldest first
  TIME                        AGO  MACHINE  FROM     TO        BECAUSE
  2026-01-31T11:59:58.750Z  1.5 s  mux      WAITING  ATTACHED  ready
)");
    EXPECT_EQ(render_history({"lagg0", "p1", {}, {}}), "lagg0  p1: nothing has happened yet\n");
}

TEST(Render, Ports) {
    EXPECT_EQ(render_show(explained({degraded()}), View::PORTS),
              R"(lagg0  DEGRADED, 1 of 2 ports
  PORT  STATE    LINK  DUPLEX  TRAFFIC  BUCKETS    SHARE  LINK-LOST  WATCHED-BY  MAC                DRIVER     DEVICE
  p0    running  10G   full    rx+tx       4096  100.0 %          0  driver      02:00:00:00:00:00  net_ixgbe  0000:03:00.0
  p1    running  10G   full    -              0    0.0 %          0  driver      02:00:00:00:00:01  net_ixgbe  0000:03:00.1
  ! p1: no LACPDU for 95 s
)");
}

TEST(Render, Counters) {
    EXPECT_EQ(render_show(explained({healthy()}), View::COUNTERS),
              R"(lagg0  upper is kernel:lagg0 (rx came from it, tx went to it)
  WHERE  RX-PACKETS   RX-BYTES  TX-PACKETS  TX-BYTES  RX-NOT-COLL  TX-NO-PORT  TX-FULL  SLOW-RX  SLOW-TX  SLOW-DROPPED  SLOW-RX-FULL  OAM-RX  ESMC-RX  MAC-CONTROL-RX
  p0              0  123456789           0         0            0           0        0        0        0             0             0       0        0               0
  p1              0          0           0         0            0           0        0        0        0             0             0       0        0               0
  upper          30          0           0         0            0           4        0        0        0             0             0       0        0               0
)");
}

TEST(Render, Hash) {
    EXPECT_EQ(render_show(explained({healthy(), failover()}), View::HASH),
              R"(lagg0  LACP: layer3+4, seed 0x00001234
  policy     layer3+4
  fields     ip proto port spi
  seed       0x00001234
  symmetric  no
  inner      no
  program    -
  weights    equal
  rules      -
  PORT  WEIGHT  BUCKETS   SHARE
  p0         1     2048  50.0 %
  p1         1     2048  50.0 %

lagg12  FAILOVER: the first port that is up
)");
}

TEST(Render, HashTellsOfRebalancing) {
    api::Lagg lagg = healthy();
    lagg.rebalance.enabled = true;
    lagg.rebalance.imbalance = 1.234;
    const std::string before = render_show(explained({lagg}), View::HASH);
    EXPECT_NE(before.find("\n  rebalancing: busiest port at 1.23 of the mean, nothing moved yet\n"),
              std::string::npos)
        << before;
    lagg.rebalance = {.enabled = true,
                      .rounds = 3,
                      .buckets_moved = 45,
                      .imbalance = 1.02,
                      .last_before = 1.42,
                      .last_after = 1.034,
                      .seconds_ago = 12,
                      .last_action = "p1 takes 8\x1b"};
    const std::string after = render_show(explained({lagg}), View::HASH);
    EXPECT_NE(after.find("\n  rebalancing: busiest port at 1.02 of the mean, 45 buckets moved in 3 "
                         "rounds\n  last 12 s ago: p1 takes 8"),
              std::string::npos)
        << after;
    EXPECT_NE(after.find(", 1.42 -> 1.03\n"), std::string::npos) << after;
    EXPECT_EQ(after.find('\x1b'), std::string::npos);
}

TEST(Render, HashWithEverythingInForce) {
    api::Lagg lagg = healthy();
    lagg.hash_policy = "encap3+4+symmetric";
    lagg.hash_symmetric = true;
    lagg.hash_inner = true;
    lagg.hash_program = "/etc/lagg/mine.o";
    lagg.weights = "speed";
    lagg.rules = {{"tcp port 3260", "p1"}, {"udp", "p0"}};
    lagg.ports[0].weight = 25000;
    lagg.ports[0].buckets = 2926;
    lagg.ports[1].weight = 10000;
    lagg.ports[1].buckets = 1170;
    EXPECT_EQ(render_show(explained({lagg}), View::HASH),
              R"(lagg0  LACP: encap3+4+symmetric, seed 0x00001234
  policy     encap3+4+symmetric
  fields     ip proto port spi
  seed       0x00001234
  symmetric  yes
  inner      yes
  program    /etc/lagg/mine.o
  weights    by speed, in Mbit/s
  rules      1. tcp port 3260 to p1
             2. udp to p0
  PORT  WEIGHT  BUCKETS   SHARE
  p0     25000     2926  71.4 %
  p1     10000     1170  28.6 %
)");
}

TEST(Render, HashOfRoundRobinIsItsWeights) {
    api::Lagg lagg = failover();
    lagg.protocol = "roundrobin";
    lagg.ports[1].weight = 0;
    EXPECT_EQ(render_show(explained({lagg}), View::HASH),
              R"(lagg12  ROUNDROBIN: round robin, 1 packets in a row
  PORT  WEIGHT  BUCKETS  SHARE
  p2         1        -      -
  p3         -        -      -
)");
}

TEST(Render, AFlow) {
    api::FlowAnswer answer;
    answer.lagg = "lagg0";
    answer.how = "the hash chooses one of 4096 buckets, and buckets lead to p0, p1";
    answer.seed = 7;
    answer.policies = {{"layer3+4", true, "ip proto port", 0x80012345, 2048, "p1", false},
                       {"layer2", false, "mac", 0x1234, 0, "p0", true},
                       {"layer3", false, "ip proto", 0xffffffff, 4095, "", false}};
    answer.notes = {"rules\nare not asked here"};
    EXPECT_EQ(render_flow(answer),
              R"(lagg0: the hash chooses one of 4096 buckets, and buckets lead to p0, p1
POLICY      FIELDS USED          HASH  BUCKET  PORT
* layer3+4  ip proto port  0x80012345    2048  p1
  layer2    mac            0x00001234       0  p0 (on its way there)
  layer3    ip proto       0xffffffff    4095  -
* lagg0's own; seed 0x00000007 for all
! rules?are not asked here
)");
    answer.policies.clear();
    answer.notes.clear();
    answer.how = "every frame goes to p0, the first of its ports that works";
    EXPECT_EQ(render_flow(answer),
              "lagg0: every frame goes to p0, the first of its ports that works\n");
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
    EXPECT_NE(render_summary(explained({lagg})).find("  ! 1 of min_links 2 ports distribute\n"),
              std::string::npos);
}

TEST(Render, ForeignTextCannotSteerTheTerminal) {
    api::Lagg lagg = healthy();
    lagg.description = "up\nlink\x1b[2J";
    lagg.ports[0].state = "failed";
    lagg.ports[0].distributing = false;
    lagg.ports[0].problem = "no\rdevice";
    for (const View view : {View::OVERVIEW, View::LACP, View::PORTS, View::COUNTERS, View::HASH}) {
        const std::string text =
            render_show(explained({lagg}), view) + render_summary(explained({lagg}));
        EXPECT_EQ(text.find('\x1b'), std::string::npos);
        EXPECT_EQ(text.find('\r'), std::string::npos);
    }
    EXPECT_NE(render_summary(explained({lagg})).find("up?link?[2J"), std::string::npos);
}

/// Every text of a document with what steers a terminal behind it; `words` too, which are compared
/// with known ones.
json soiled(json document, bool words) {
    static const std::set<std::string> kWords = {"state", "protocol", "rx",       "mux",
                                                 "level", "periodic", "selected", "flags"};
    for (auto &[key, value] : document.items()) {
        if (value.is_structured())
            value = soiled(value, words);
        else if (value.is_string() && (words || !kWords.contains(key)))
            value = value.get<std::string>() + "\x1b[2J\x7f\xc2\x9b"
                                               "2J\xe2\x80\xae\xe2\x80\xa8\r";
    }
    return document;
}

api::Lagg in_trouble() {
    api::Lagg lagg = degraded();
    lagg.ports[0].state = "failed";
    lagg.ports[0].problem = "no device";
    lagg.hash_program = "/etc/lagg/mine.o";
    lagg.rules = {{"udp", "p0"}};
    return lagg;
}

TEST(Render, NoTextOfTheDaemonIsPrintedRaw) {
    api::PortHistory history{"lagg0", "p0", {}, {}};
    history.transitions.resize(2);
    history.pdus.resize(2);
    api::FlowAnswer answer;
    answer.policies.resize(2);
    api::ExtendedCounters counters{"lagg0", "p0", {{"rx_good", 1}}};
    api::Status status;
    status.laggs = {healthy()};
    status.workers.resize(1);
    for (const bool words : {false, true}) {
        std::string text;
        for (const api::Lagg &clean :
             explained({healthy(), in_trouble(), degraded(), failover()})) {
            const auto lagg = soiled(json(clean), words).get<api::Lagg>();
            for (const View view :
                 {View::OVERVIEW, View::LACP, View::PORTS, View::LINKS, View::COUNTERS, View::HASH})
                text += render_show({lagg}, view);
            text += render_summary({lagg});
            const json document(lagg);
            for (const api::Port &port : lagg.ports)
                text += render_why(lagg, port);
            text += json_text(why_of(document, document.at("ports").at(0))) + json_text(document);
        }
        text += render_pdus(soiled(json(history), words).get<api::PortHistory>(), true);
        text += render_history(soiled(json(history), words).get<api::PortHistory>());
        text += render_flow(soiled(json(answer), words).get<api::FlowAnswer>());
        text +=
            render_extended_counters(soiled(json(counters), words).get<api::ExtendedCounters>());
        text += render_status(soiled(json(status), words).get<api::Status>());
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            EXPECT_TRUE(shows_as_written(line)) << in_quotes(line);
    }
}

TEST(Render, EscapedJsonMeansTheSame) {
    const json document{{"description", "a\n\x1b\x7f\xc2\x9b"
                                        "b\xe2\x80\xae\xc3\xbc"}};
    const std::string text = json_text(document);
    EXPECT_EQ(json::parse(text), document);
    EXPECT_EQ(text, "{\n  \"description\": \"a\\n\\u001b\\u007f\\u009bb\\u202e\xc3\xbc\"\n}\n");
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
