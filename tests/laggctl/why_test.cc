// What `laggctl why` prints of what the daemon found.
#include "laggctl/why.hh"

#include "control/api/explain.hh"
#include "control/api/json.hh"
#include "tests/laggctl/sample.hh"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace lagg::ctl {
namespace {

using nlohmann::json;

api::Lagg silent() {
    api::Lagg lagg = testing::degraded();
    api::explain(lagg);
    return lagg;
}

TEST(Why, IsAListAndASentence) {
    const api::Lagg lagg = silent();
    EXPECT_EQ(render_why(lagg, lagg.ports[1]),
              R"(lagg0  p1
  ok     device          net_ixgbe
  ok     link            up, 10G, full duplex
  ok     addresses       the lagg's address: address added, LACP's: filter
  ok     protocol        LACP
  ok     frames          whole
  ok     LACP            on, active, rate slow, key 17
  ok     LACPDUs out     47 sent, the last 12 s ago
  WRONG  LACPDUs in      no LACPDU for 95 s
p1 carries no traffic: no LACPDU for 95 s. See whether the switch still runs LACP there, and whether its frames get through; laggctl lacp pdus p1 shows the last ones.
)");
    EXPECT_TRUE(render_why(lagg, lagg.ports[0]).ends_with("\np0 carries traffic.\n"));
}

TEST(Why, AQuestionIsASentenceAsWell) {
    api::Lagg lagg = silent();
    lagg.ports[1].why->reason = "no LACPDU has come; is LACP on at the other end?";
    lagg.ports[1].why->advice = "Turn LACP on.";
    EXPECT_TRUE(render_why(lagg, lagg.ports[1]).ends_with("at the other end? Turn LACP on.\n"));
}

TEST(Why, AnOlderDaemonSaysNothing) {
    const api::Lagg lagg = testing::healthy();
    EXPECT_EQ(render_why(lagg, lagg.ports[0]),
              "lagg0  p0\nlaggd does not say; it is older than laggctl.\n");
    const json document(lagg);
    EXPECT_EQ(why_of(document, document.at("ports").at(0)),
              (json{{"lagg", "lagg0"}, {"port", "p0"}}));
}

TEST(Why, AsJsonIsWhatTheDaemonSays) {
    json document(silent());
    document["ports"][1]["why"]["newer"] = 7;
    const json why = why_of(document, document["ports"][1]);
    EXPECT_EQ(why.at("lagg"), "lagg0");
    EXPECT_EQ(why.at("port"), "p1");
    EXPECT_EQ(why.at("finding"), "partner_silent");
    EXPECT_EQ(why.at("carries"), false);
    EXPECT_EQ(why.at("steps").back().at("ok"), false);
    EXPECT_EQ(why.at("newer"), 7) << "an older client hands on what it does not know";
}

} // namespace
} // namespace lagg::ctl
