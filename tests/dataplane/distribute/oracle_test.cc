// Every instruction set does with every frame what the scalar reference does: a million made ones
// and all captured ones, under policies that use each of the kernels.
#include "tests/dataplane/distribute/burst.hh"
#include "tests/dataplane/distribute/frame_runs.hh"
#include "tests/dataplane/frame/capture.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace lagg::distribute {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kFrames = 40'000;
#else
constexpr size_t kFrames = 1'000'000;
#endif

bool is_supported(InstructionSet set) {
    const auto sets = supported_sets();
    return std::find(sets.begin(), sets.end(), set) != sets.end();
}

/// LINK, FLOW and BOTH, with parts of each: the masks of the plain shapes are made of these.
std::vector<Fields> field_sets() {
    std::vector<Fields> sets{kLayer2,
                             kLayer3,
                             kLayer34,
                             kLayer23,
                             kLayer2 | kLayer34,
                             kAllFields,
                             kSourceMac | kDestinationMac,
                             kSourceIp | kDestinationIp,
                             kSourcePort | kDestinationPort,
                             kVlan | kSourceIp,
                             kEthertype | kLayer34,
                             kFlowLabel | kLayer34,
                             kSpi | kSourceIp};
    for (Fields field = 1; field <= kAllFields; field <<= 1)
        sets.push_back(field);
    return sets;
}

std::vector<Spread> cases() {
    std::vector<Spread> all;
    uint32_t seed = 0;
    for (const Fields fields : field_sets())
        for (unsigned bits = 0; bits < 4; bits++)
            all.push_back(spread_of({.fields = fields,
                                     .inner = (bits & 1) != 0,
                                     .symmetric = (bits & 2) != 0,
                                     .seed = seed++}));
    all.push_back(spread_of({.fields = kLayer34, .nic = true, .seed = seed++}));
    return all;
}

class Oracle : public testing::TestWithParam<InstructionSet> {
  protected:
    void SetUp() override {
        if (!is_supported(GetParam()))
            GTEST_SKIP() << "this CPU has no " << to_text(GetParam()) << ", or nothing uses it";
    }
};

TEST_P(Oracle, AgreesOnGeneratedFrames) {
    const std::vector<Spread> policies = cases();
    FrameRuns frames(4096);
    std::array<size_t, kShapes> groups{}; // of four frames that a kernel looks at together
    size_t policy = 0;
    for (size_t made = 0; made < kFrames; policy++) {
        Burst burst;
        std::vector<Shape> shapes;
        for (size_t left = 1 + frames.below(kMostPackets); left > 0; left--, made++) {
            const FrameRuns::Frame frame = frames.next();
            const auto nic = frames.below(2) == 0 ? std::optional(frames.number()) : std::nullopt;
            burst.add(frame.bytes, static_cast<uint16_t>(frames.below(130)), nic);
            shapes.push_back(frame.shape);
        }
        for (size_t i = 0; i + 4 <= shapes.size(); i += 4)
            if (std::count(&shapes[i], &shapes[i] + 4, shapes[i]) == 4)
                groups[static_cast<size_t>(shapes[i])]++;
        ASSERT_EQ(difference(GetParam(), policies[policy % policies.size()], burst), "")
            << "policy " << policy % policies.size();
    }
    EXPECT_GE(policy, 2 * policies.size()) << "too few bursts for the policies";
    for (size_t shape = 0; shape < kShapes; shape++)
        EXPECT_GE(groups[shape], kFrames / 4 / kShapes / 2) << "groups of shape " << shape;
}

TEST_P(Oracle, AgreesOnCapturedFrames) {
    const auto frames = frame::read_capture(CAPTURED_FRAMES);
    ASSERT_GE(frames.size(), 100u);
    FrameRuns random(1);
    for (const Spread &spread : cases()) {
        for (size_t next = 0; next < frames.size();) {
            Burst burst;
            const size_t end = std::min(frames.size(), next + 1 + random.below(kMostPackets));
            for (; next < end; next++)
                burst.add(frames[next], static_cast<uint16_t>(random.below(130)));
            ASSERT_EQ(difference(GetParam(), spread, burst), "");
        }
    }
}

TEST_P(Oracle, HashesOneKeyAsTheReferenceDoes) {
    const std::vector<Spread> policies = cases();
    FrameRuns frames(7);
    const KeyHash hash = key_hash(GetParam());
    for (size_t i = 0; i < kFrames / 10; i++) {
        const Spread &spread = policies[i % policies.size()];
        const frame::FlowKey key = key_of(frames.next().bytes, spread.policy);
        ASSERT_EQ(hash(spread.hash, key), spread.hash(key)) << "policy " << i % policies.size();
    }
}

INSTANTIATE_TEST_SUITE_P(Sets, Oracle, testing::Values(InstructionSet::AES, InstructionSet::VAES),
                         [](const auto &tested) {
                             std::string name = to_text(tested.param);
                             std::erase_if(name, [](char c) { return !std::isalnum(c); });
                             return name;
                         });

} // namespace
} // namespace lagg::distribute
