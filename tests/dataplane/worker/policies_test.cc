// Programs, rules and hash policies at work, and exchanged while packets flow: no frame is lost,
// doubled or overtaken.
#include "tests/dataplane/bpf/compiler.hh"
#include "tests/dataplane/worker/stream.hh"

#include <rte_ethdev.h>

namespace lagg::worker {

namespace {

using aggregation::Policies;
using bpf::policy;

std::shared_ptr<const bpf::Filter> filter(const std::string &expression) {
    const auto made = bpf::Filter::compile(expression);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
}

Plan lacp_over(unsigned cables) {
    return {.protocol = Protocol::LACP, .cables = cables, .workers = 2, .cable_size = 4096};
}

bool is_moving(Bench &bench) {
    bool moving = false;
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
        moving = engine.where_goes("lagg0", frame::FlowKey{})->policies.front().moving;
    });
    return moving;
}

/// Frames that left side A by each port while `frames` frames went, one flow of 16 after the other.
std::vector<uint64_t> sent_by_port(Bench &bench, unsigned cables, uint32_t frames) {
    std::vector<uint64_t> sent;
    for (unsigned cable = 0; cable < cables; ++cable)
        sent.push_back(bench.totals(A, cable).tx_packets);
    EXPECT_EQ(pump(bench, A, frames).size(), frames);
    for (unsigned cable = 0; cable < cables; ++cable)
        sent[cable] = bench.totals(A, cable).tx_packets - sent[cable];
    return sent;
}

/// Frames that are not ours to count: an LACPDU a second and port, and Markers.
constexpr uint64_t kFewSlowFrames = 40;

/// Test frames are no IP: the last octet of the source tells flows apart.
struct AtWork : bpf::WithCompiler {
    std::shared_ptr<const bpf::Program> program(const std::string &body) {
        return load(compile(policy(body)));
    }
    /// Changes the policies of side A `times` under load and checks what came.
    static void change_under_load(Protocol protocol, uint32_t times,
                                  const std::function<void(Bench &, uint32_t)> &change) {
        Plan plan = lacp_over(3);
        plan.protocol = protocol;
        Bench bench(plan);
        ASSERT_TRUE(bench.wait_distributing(3));
        // Frames by this cable take longer, and whoever changes to another one overtakes it.
        // The pause of laggs without LACP is no promise then.
        if (protocol == Protocol::LACP) {
            ASSERT_NE(rte_eth_add_rx_callback(bench.device(B, 0).id(), 0, dawdle, nullptr),
                      nullptr);
        }
        Stream stream(bench, 64, 1);
        uint32_t sent = 0;
        for (uint32_t turn = 0; turn < times; ++turn) {
            do
                stream.send_until(sent += 5000);
            while (protocol == Protocol::LACP && is_moving(bench));
            // The other end answers six Markers a second and port, and a change asks one.
            if (protocol == Protocol::LACP) bench.put_forward(200ms);
            change(bench, turn);
        }
        stream.send_until(sent += 5000);
        ASSERT_TRUE(stream.finish()) << "frames are lost";
        EXPECT_EQ(stream.overtaken, 0U);
        EXPECT_EQ(bench.upper_totals(A).tx_no_member, 0U);
        for (unsigned cable = 0; cable < 3; ++cable)
            EXPECT_EQ(bench.totals(A, cable).tx_full, 0U);
    }
};

} // namespace

TEST_F(AtWork, AProgramDecidesByTheBucket) {
    Bench bench(lacp_over(2));
    ASSERT_TRUE(bench.wait_distributing(2));
    bench.reconfigure(A, [](config::Lagg &) {}, {program("return LAGG_BUCKET(5);"), {}});
    ASSERT_TRUE(Bench::wait_until([&] { return !is_moving(bench); }));
    std::vector<uint64_t> sent = sent_by_port(bench, 2, 1600);
    EXPECT_LT(std::min(sent[0], sent[1]), kFewSlowFrames) << "one bucket is one port";
    bench.reconfigure(A, [](config::Lagg &) {});
    ASSERT_TRUE(Bench::wait_until([&] { return !is_moving(bench); }));
    sent = sent_by_port(bench, 2, 1600);
    EXPECT_GT(std::min(sent[0], sent[1]), kFewSlowFrames) << "the program is gone";
}

TEST_F(AtWork, AProgramRemembersAndAnotherOneBeginsWithZeros) {
    const std::string counts = "return LAGG_BUCKET(flow->memory[0]++ < 100 ? 0 : 4095);";
    Bench bench(lacp_over(2));
    ASSERT_TRUE(bench.wait_distributing(2));
    std::vector<uint64_t> first;
    for (int turn = 0; turn < 2; ++turn) {
        bench.reconfigure(A, [](config::Lagg &) {}, {program(counts), {}});
        ASSERT_TRUE(Bench::wait_until([&] { return !is_moving(bench); }));
        const std::vector<uint64_t> sent = sent_by_port(bench, 2, 1600);
        const uint64_t fewer = std::min(sent[0], sent[1]);
        EXPECT_GE(fewer, 100U);
        EXPECT_LT(fewer, 100U + kFewSlowFrames);
    }
}

TEST_F(AtWork, ARuleSendsToItsPortAndFallsBackWhenThatGoes) {
    Bench bench(lacp_over(3));
    ASSERT_TRUE(bench.wait_distributing(3));
    const Policies policies{nullptr, {{filter("ether proto 0x88b5"), "a2"}}};
    bench.reconfigure(
        A, [](config::Lagg &) {}, policies);
    ASSERT_TRUE(Bench::wait_until([&] { return !is_moving(bench); }));
    std::vector<uint64_t> sent = sent_by_port(bench, 3, 1600);
    EXPECT_GE(sent[2], 1600U);
    bench.device(A, 2).set_link(false);
    ASSERT_TRUE(Bench::wait_until([&] { return bench.distributing(A) == 2; }));
    ASSERT_TRUE(bench.wait_settled());
    sent = sent_by_port(bench, 3, 1600);
    EXPECT_EQ(sent[2], 0U);
    EXPECT_GT(std::min(sent[0], sent[1]), kFewSlowFrames) << "the hash decides again";
}

// Odd turns have no program.
TEST_F(AtWork, ProgramsAreExchangedAndRemovedWithoutLossOrDisorder) {
    const auto one = program("return lagg_mix(flow->source_mac[5], 1);");
    const auto other = program("return lagg_mix(flow->source_mac[5], 77);");
    for (const Protocol protocol : {Protocol::LACP, Protocol::LOADBALANCE})
        change_under_load(protocol, 20, [&](Bench &bench, uint32_t turn) {
            Policies policies;
            if (turn % 2 == 0) policies.program = turn % 4 == 0 ? one : other;
            bench.reconfigure(
                A, [](config::Lagg &) {}, policies);
        });
}

TEST_F(AtWork, SeedsAndFieldsChangeWithoutLossOrDisorder) {
    change_under_load(Protocol::LACP, 20, [](Bench &bench, uint32_t turn) {
        bench.reconfigure(A, [&](config::Lagg &lagg) {
            lagg.hash.seed = turn;
            lagg.hash.policy.symmetric = turn % 3 == 0;
        });
    });
}

TEST_F(AtWork, RulesChangeWithoutLossOrDisorder) {
    const auto all = filter("ether proto 0x88b5");
    const auto half = filter("ether[11] & 1 = 1");
    change_under_load(Protocol::LACP, 20, [&](Bench &bench, uint32_t turn) {
        Policies policies;
        if (turn % 3 != 2)
            policies.rules = {{turn % 3 == 0 ? all : half, "a" + std::to_string(turn % 2)}};
        bench.reconfigure(
            A, [](config::Lagg &) {}, policies);
    });
}

} // namespace lagg::worker
