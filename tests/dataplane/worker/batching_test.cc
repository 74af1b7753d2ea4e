// When batches are sent, and what is in them: nothing waits for frames that do not come, nothing
// longer than the bound while others come, and what is gathered leaves in the order it came.
#include "tests/dataplane/worker/lone_worker.hh"

#include <rte_cycles.h>
#include <rte_pause.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace lagg::worker {

namespace {

using Step = LoneWorker::Step;

/// How a lagg of that many members distributes, once for each kind of batch.
struct Kind {
    const char *name;
    unsigned members;
    Way way;
    uint32_t stride; ///< 0: by the hash
};

void set_up(LoneWorker &worker, const Kind &kind) {
    if (kind.stride == 0) return worker.hash();
    worker.round_robin(std::vector<uint32_t>(kind.members, 1), kind.stride);
}

/// Frames with the next numbers, of as many flows.
std::vector<Tag> frames(uint32_t count, uint32_t &number) {
    std::vector<Tag> made;
    for (uint32_t i = 0; i < count; ++i, ++number)
        made.push_back({.flow = number % 256, .number = number});
    return made;
}

std::vector<Step> bursts(const std::vector<uint32_t> &sizes) {
    std::vector<Step> steps;
    uint32_t number = 0;
    for (const uint32_t size : sizes)
        steps.push_back({.frames = frames(size, number)});
    return steps;
}

/// The greatest round in which a frame was offered, when all were offered once.
unsigned last_round(const LoneWorker &worker, uint32_t sent) {
    std::vector<uint32_t> times(sent, 0);
    unsigned last = 0;
    for (const Offered &one : worker.offered()) {
        ++times.at(one.tag.number);
        last = std::max(last, one.round);
    }
    EXPECT_EQ(std::ranges::count(times, 1u), sent) << "frames are missing or came twice";
    return last;
}

void spin_us(uint64_t us) {
    const uint64_t end = rte_rdtsc() + us * rte_get_tsc_hz() / 1'000'000;
    while (rte_rdtsc() < end)
        rte_pause();
}

} // namespace

class Batching : public testing::TestWithParam<Kind> {};

TEST_P(Batching, AFullBurstAndThenSilence) {
    LoneWorker worker(GetParam().members);
    set_up(worker, GetParam());
    worker.run(bursts({32}));
    EXPECT_EQ(worker.way(), GetParam().way);
    EXPECT_LE(last_round(worker, 32), 2u) << "the round in which nothing came sends all";
}

TEST_P(Batching, SeveralFullBurstsAndThenSilence) {
    LoneWorker worker(GetParam().members);
    set_up(worker, GetParam());
    worker.run(bursts({32, 32, 32, 32}));
    EXPECT_LE(last_round(worker, 4 * 32), 5u);
}

TEST_P(Batching, ABurstThatIsNotFullTakesWhatWaitsAlong) {
    LoneWorker worker(GetParam().members);
    set_up(worker, GetParam());
    worker.run(bursts({32, 5, 0, 32, 32, 1, 31, 3}));
    EXPECT_LE(last_round(worker, 136), 8u);
    for (const Offered &one : worker.offered()) {
        const unsigned limit = one.tag.number < 37    ? 2
                               : one.tag.number < 102 ? 6
                               : one.tag.number < 133 ? 7
                                                      : 8;
        EXPECT_LE(one.round, limit) << "frame " << one.tag.number;
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Batching,
                         testing::Values(Kind{"two", 2, Way::BUCKETS, 0},
                                         Kind{"eight", 8, Way::BUCKETS, 0},
                                         Kind{"twelve", 12, Way::BUCKETS, 0},
                                         Kind{"turns", 5, Way::TURNS, 1},
                                         Kind{"strides", 5, Way::STRIDES, 7}),
                         [](const auto &tested) { return std::string(tested.param.name); });

// Rounds of at least 5 us: after the round in which the frame comes, at most four more may pass
// before 20 us have. All others go to another member, whose batch is filled in each of them.
TEST(Waiting, EndsWithinItsBoundWhileOtherFramesCome) {
    constexpr unsigned kRounds = 40;
    LoneWorker worker(2);
    worker.hash();
    const uint32_t lonely = worker.flow_of(1);
    const uint32_t busy = worker.flow_of(0);
    std::vector<Step> steps;
    for (uint32_t round = 0; round < kRounds; ++round) {
        std::vector<Tag> burst(32, {.flow = busy, .number = 0});
        if (round == 0) burst[13] = {.flow = lonely, .number = 1};
        steps.push_back({.frames = burst, .during = [] { spin_us(5); }});
    }
    worker.run(std::move(steps));
    const auto found =
        std::ranges::find(worker.offered(), 1u, [](const Offered &one) { return one.tag.number; });
    ASSERT_NE(found, worker.offered().end());
    EXPECT_EQ(found->member, 1u);
    EXPECT_LE(found->round, 6u);
    const uint64_t waited = found->tsc - worker.received_tsc(1);
    EXPECT_GE(waited * 1'000'000, 20 * rte_get_tsc_hz()) << "it waits for company that long";
}

// Frames that wait in a batch when a Marker is to be sent were distributed before it, and the
// Response tells that all of it arrived.
TEST(Waiting, EndsWhenASlowFrameIsSent) {
    LoneWorker worker(2);
    worker.hash();
    std::vector<Step> steps = bursts({32, 32, 32});
    steps[1].during = [&] {
        for (const unsigned member : {0u, 1u})
            worker.send_slow(member);
    };
    worker.run(std::move(steps));
    for (const unsigned member : {0u, 1u}) {
        uint32_t ahead = 0;
        bool slow = false;
        for (const Offered &one : worker.offered()) {
            if (one.member != member) continue;
            slow = slow || one.slow;
            if (one.slow || one.tag.number >= 64) continue;
            EXPECT_FALSE(slow) << "frame " << one.tag.number << " is behind the slow one";
            ++ahead;
        }
        EXPECT_TRUE(slow);
        EXPECT_GT(ahead, 0u);
    }
}

// The device that a batch is for may be stopped or closed as soon as every worker has let go of the
// state that has it.
TEST(Waiting, EndsBeforeTheStateIsLetGo) {
    constexpr unsigned kRounds = 60;
    LoneWorker worker(2, 4096);
    worker.hash();
    std::vector<Step> steps = bursts(std::vector<unsigned>(kRounds, 32));
    uint64_t asked = 0;
    unsigned waited = 0, let_go = 0;
    for (unsigned round = 0; round < kRounds; ++round) {
        steps[round].during = [&, round] {
            // Frames of this poll are not distributed yet.
            const bool sent = worker.offered().size() == size_t{round} * 32;
            waited += !sent;
            if (round != 0 && worker.let_go(asked)) {
                ++let_go;
                EXPECT_TRUE(sent) << "round " << round << ": frames wait for a state of old";
            }
            asked = worker.ask_to_let_go();
        };
    }
    worker.run(std::move(steps));
    EXPECT_GT(waited, 0u) << "no batch waited, and nothing was tested";
    EXPECT_GT(let_go, 0u) << "it never lets go while frames come";
}

/// Weights, and the stride.
using Turns = std::pair<std::vector<uint32_t>, uint32_t>;
class Sequence : public testing::TestWithParam<Turns> {};

// For any sizes of bursts, frame i is of the turn i / stride, and each member's frames leave
// in their order.
TEST_P(Sequence, OfTurnsIsExactOverBursts) {
    const auto &[weights, stride] = GetParam();
    const auto members = static_cast<unsigned>(weights.size());
    const std::vector<uint32_t> sizes{32, 7, 32, 32, 1, 0, 31, 32, 2, 32, 32, 32, 15, 32, 32};
    LoneWorker worker(members);
    worker.round_robin(weights, stride);
    worker.run(bursts(sizes));
    const std::vector<uint8_t> &turns = worker.turns();
    ASSERT_EQ(turns.size(), std::accumulate(weights.begin(), weights.end(), 0u));
    std::vector<std::vector<uint32_t>> expected(members), found(members);
    const uint32_t sent = std::accumulate(sizes.begin(), sizes.end(), 0u);
    for (uint32_t i = 0; i < sent; ++i)
        expected[turns[i / stride % turns.size()]].push_back(i);
    for (unsigned member = 0; member < members; ++member) {
        for (const Tag &tag : worker.take(member))
            found[member].push_back(tag.number);
        EXPECT_EQ(found[member], expected[member]) << "member " << member;
        EXPECT_EQ(worker.counters(member).tx_bytes.value(), 64 * expected[member].size());
    }
}

INSTANTIATE_TEST_SUITE_P(Strides, Sequence,
                         testing::Values(Turns{{1, 1, 1}, 1}, Turns{{1, 1, 1}, 5},
                                         Turns{{3, 1, 2}, 1}, Turns{{3, 1, 2}, 2},
                                         Turns{{3, 1, 2}, 64}, Turns{{20, 1, 19, 1}, 1}));

TEST(Refused, FramesOfAFullRingAreCountedAndFreedAndTheOthersKeepTheirOrder) {
    constexpr uint32_t kRoom = 63;
    LoneWorker worker(2, 64);
    worker.hash();
    std::vector<Step> steps;
    std::vector<std::vector<uint32_t>> sent(2), found(2);
    uint32_t number = 0;
    for (const uint32_t of_second : {4u, 0u, 3u, 8u, 1u}) {
        std::vector<Tag> burst;
        for (uint32_t i = 0; i < 32; ++i, ++number) {
            const unsigned member = i < of_second ? 1 : 0;
            burst.push_back({.flow = worker.flow_of(member, i % 5), .number = number});
            sent[member].push_back(number);
        }
        steps.push_back({.frames = burst});
    }
    worker.run(std::move(steps));
    for (const unsigned member : {0u, 1u})
        for (const Tag &tag : worker.take(member))
            found[member].push_back(tag.number);
    const DeviceCounters &full = worker.counters(0);
    EXPECT_EQ(full.tx_packets.value(), kRoom);
    EXPECT_EQ(full.tx_bytes.value(), 64 * kRoom);
    EXPECT_EQ(full.tx_full.value(), sent[0].size() - kRoom);
    EXPECT_EQ(found[0], std::vector(sent[0].begin(), sent[0].begin() + kRoom));
    EXPECT_EQ(found[1], sent[1]) << "a full member costs the other one nothing";
    EXPECT_EQ(worker.counters(1).tx_full.value(), 0u);
}

// One frame is given up, and those behind it are offered once more.
TEST(Refused, ThoseBehindTheRefusedFrameFollowInOrder) {
    constexpr uint32_t kRoom = 63;
    LoneWorker worker(2, 64);
    worker.hash();
    std::vector<uint32_t> found;
    unsigned offers = 0;
    worker.on_offer = [&](unsigned member) {
        // The third burst finds room for 63 - 2 * 25 frames, and its rest an empty ring.
        if (member == 0 && ++offers == 4)
            for (const Tag &tag : worker.take(0))
                found.push_back(tag.number);
    };
    std::vector<Step> steps;
    uint32_t number = 0;
    for (int burst = 0; burst < 3; ++burst) {
        std::vector<Tag> tags;
        for (uint32_t i = 0; i < 25; ++i, ++number)
            tags.push_back({.flow = worker.flow_of(0, i % 3), .number = number});
        steps.push_back({.frames = tags});
    }
    worker.run(std::move(steps));
    for (const Tag &tag : worker.take(0))
        found.push_back(tag.number);
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < 75; ++i)
        if (i != kRoom) expected.push_back(i);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(worker.counters(0).tx_full.value(), 1u);
    EXPECT_EQ(worker.counters(0).tx_packets.value(), 74u);
    EXPECT_EQ(worker.counters(0).tx_bytes.value(), 74u * 64);
}

} // namespace lagg::worker
