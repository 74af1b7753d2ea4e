// `laggctl hash` and the data path agree about every frame: the question is built from a dissection
// of its own, and both are asked where the frame goes.
#include "control/aggregation/asked_flow.hh"
#include "control/aggregation/where.hh"
#include "dataplane/distribute/policy_text.hh"
#include "tests/control/aggregation/dissection.hh"
#include "tests/control/aggregation/pair.hh"
#include "tests/dataplane/frame/capture.hh"
#include "tests/dataplane/frame/random_frames.hh"

#include <iomanip>
#include <sstream>

namespace lagg::aggregation {
namespace {

using Frames = std::vector<std::vector<uint8_t>>;

#if defined(__SANITIZE_ADDRESS__)
constexpr int kFramesOfASeed = 400;
#else
constexpr int kFramesOfASeed = 4000;
#endif

/// Each field in at least one, so that a wrong one changes a bucket.
constexpr const char *kPolicies[] = {"layer2",
                                     "layer3+4",
                                     "mac+vlan+innervlan+ethertype+ip+flowlabel+proto+port+spi",
                                     "symmetric+layer2+3+4",
                                     "encap3+4",
                                     "inner+vlan+ethertype+ip+flowlabel+proto+port+spi"};

std::string text_of(const std::vector<uint8_t> &frame) {
    std::ostringstream text;
    text << std::hex << std::setfill('0');
    for (const uint8_t octet : frame)
        text << std::setw(2) << unsigned{octet};
    return text.str();
}

/// A lagg of three ports under a policy.
struct Asked {
    explicit Asked(const char *text) : policy(*distribute::parse_policy(text)) {
        config::Lagg config = lagg(Protocol::LOADBALANCE, {"p0", "p1", "p2"});
        config.hash.policy = policy;
        driven.emplace(config);
        driven->start();
        forwarding = driven->aggregate.forwarding();
    }
    uint16_t bucket_of(const std::vector<uint8_t> &frame) const {
        const distribute::Packet packet = distribute::Packet::of(frame);
        const distribute::Packet *pointer = &packet;
        uint16_t bucket = 0;
        forwarding.find_buckets(forwarding.spread, &pointer, 1, &bucket);
        return bucket;
    }
    distribute::Policy policy;
    std::optional<Driven> driven;
    worker::LaggForwarding forwarding;
};

/// How many of the frames there was something to ask about.
size_t compare(const Frames &frames) {
    size_t asked = 0;
    for (const char *text : kPolicies) {
        const Asked lagg(text);
        int wrong = 0;
        for (const std::vector<uint8_t> &frame : frames) {
            const auto question = dissect(frame, lagg.policy.inner);
            if (!question) continue;
            ++asked;
            const auto key = asked_flow(*question);
            if (!key) {
                ADD_FAILURE() << text << ": " << key.error().message << "\n" << text_of(frame);
                if (++wrong == 5) return asked;
                continue;
            }
            const api::FlowAnswer answer = where_goes(lagg.driven->aggregate, *key);
            const uint16_t bucket = lagg.bucket_of(frame);
            const uint8_t member = lagg.forwarding.spread.table.member_of(bucket);
            const api::PolicyAnswer &own = answer.policies.front();
            EXPECT_EQ(own.bucket, bucket) << text << "\n" << text_of(frame);
            EXPECT_EQ(own.port, lagg.driven->name_of(member));
            if (own.bucket != bucket && ++wrong == 5) return asked;
        }
    }
    return asked;
}

TEST(Agreement, AboutTrafficThatWasCaptured) {
    const Frames frames = frame::read_capture(CAPTURED_FRAMES);
    ASSERT_GT(frames.size(), 200u);
    EXPECT_GT(compare(frames), frames.size() * 5);
}

TEST(Agreement, AboutFramesOfEveryShape) {
    for (const uint64_t seed : {1u, 2u, 3u}) {
        frame::RandomFrames random(seed);
        Frames frames;
        for (int i = 0; i < kFramesOfASeed; ++i)
            frames.push_back(random.next());
        EXPECT_GT(compare(frames), frames.size() * 5) << "seed " << seed;
    }
}

} // namespace
} // namespace lagg::aggregation
