// What clients ask of single ports, carried to a real protocol thread.
#include "laggd/requests.hh"
#include "tests/dataplane/worker/bench.hh"

#include <set>

namespace lagg::daemon {
namespace {

using worker::A;

std::set<std::string> switched_on(const api::Port &port) {
    std::set<std::string> words;
    if (port.drained_by == api::DrainedBy::OPERATOR) words.insert("drain");
    if (port.lacp->txtest) words.insert("txtest");
    if (port.lacp->rxtest) words.insert("rxtest");
    return words;
}

TEST(SwitchPort, EverySwitchSwitchesItselfAlone) {
    worker::Bench bench({.protocol = config::Protocol::LACP, .two_laggs = false});
    const api::Lagg lagg = bench.describe(A);
    const std::string port = lagg.ports.front().name;
    for (const api::PortSwitch &row : api::kPortSwitches)
        for (const bool on : {true, false}) {
            const Result<std::string> said =
                switch_port(bench.protocol(), {&row, lagg.name, port, on});
            ASSERT_TRUE(said) << said.error().message;
            EXPECT_NE(said->find(port + " of " + lagg.name), std::string::npos) << *said;
            EXPECT_EQ(said->find("{}"), std::string::npos) << *said;
            const std::set<std::string> expected =
                on ? std::set<std::string>{row.word} : std::set<std::string>();
            EXPECT_EQ(switched_on(bench.describe(A).ports.front()), expected);
        }
}

TEST(SwitchPort, SaysWhatItDidAndWhyItCannot) {
    worker::Bench bench({.protocol = config::Protocol::LACP, .two_laggs = false});
    const api::Lagg lagg = bench.describe(A);
    const std::string port = lagg.ports.front().name;
    const auto said = [&](size_t row, const std::string &name, bool on) {
        const Result<std::string> done =
            switch_port(bench.protocol(), {&api::kPortSwitches[row], lagg.name, name, on});
        return done ? *done : "error: " + done.error().message;
    };
    const std::string where = port + " of " + lagg.name;
    EXPECT_EQ(said(0, port, true), where + " is drained: its flows go to the other ports");
    EXPECT_EQ(said(0, port, false), where + " is not drained any more");
    EXPECT_EQ(said(1, port, true), "LACPDUs are not sent on " + where + " until txtest is off");
    EXPECT_EQ(said(2, port, false), "LACPDUs that come on " + where + " are received");
    EXPECT_EQ(said(1, "q9", true), "error: " + lagg.name + " has no port \"q9\"");
}

} // namespace
} // namespace lagg::daemon
