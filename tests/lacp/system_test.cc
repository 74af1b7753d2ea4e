// The face of the core: any event is legal, late callers are forgiven, and no step allocates.
#include "tests/lacp/lone_system.hh"

#include <cstdlib>
#include <new>

namespace {
size_t allocations = 0;
}
// Not inlined, because g++ would then compare malloc of one with delete of the other and warn.
[[gnu::noinline]] void *operator new(size_t size) {
    ++allocations;
    if (void *memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void *memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void *memory, size_t) noexcept {
    std::free(memory);
}

namespace lagg::lacp {
namespace {

struct Ignore : ActionSink {
    void on_action(const Action &) override { ++count; }
    size_t count = 0;
};

TEST(System, EventsOfUnknownPortsAreIgnored) {
    LoneSystem us;
    us.step(PortRemoved{9});
    us.step(PortLeaving{9});
    us.step(PortReturning{9});
    us.step(PortParametersChanged{9, {}});
    us.step(LinkChanged{9, true, true, 1000});
    us.step(LinkChanged{0, true, true, 1000});
    us.step(SlowFrameReceived{9, {}});
    EXPECT_TRUE(us.recorder.actions.empty());
    EXPECT_TRUE(us.system.snapshot().ports.empty());
    EXPECT_EQ(us.system.next_deadline(), std::nullopt);
}

TEST(SystemDeathTest, AddingAPortTwiceIsOurBug) {
    LoneSystem us;
    us.add(1);
    EXPECT_DEATH(us.add(1), "find");
}

TEST(System, HoldsThirtyTwoPortsAndListsThemByNumber) {
    LoneSystem us;
    for (PortNumber i = kMaxPorts; i >= 1; --i)
        us.add(i);
    for (PortNumber i = 1; i <= kMaxPorts; ++i)
        us.receive_reply(i);
    us.run(2000ms);
    const SystemSnapshot s = us.system.snapshot();
    ASSERT_EQ(s.ports.size(), kMaxPorts);
    for (size_t i = 0; i < s.ports.size(); ++i) {
        EXPECT_EQ(s.ports[i].number, i + 1);
        EXPECT_TRUE(s.ports[i].distributing);
        EXPECT_EQ(s.ports[i].aggregator, s.active_aggregator);
    }
}

TEST(System, AnHourLateIsOneStepOfEachTimer) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.recorder.actions.clear();
    us.now = us.now + 1h;
    us.step(TimePassed{});
    EXPECT_EQ(us.port(1).rx, RxState::EXPIRED);
    EXPECT_FALSE(us.port(1).distributing);
    EXPECT_EQ(us.recorder.lacpdus().size(), 1U);
    us.receive_reply(1);
    EXPECT_EQ(us.port(1).rx, RxState::CURRENT);
    EXPECT_TRUE(us.port(1).distributing) << "the frames that waited bring it back";
}

TEST(System, RemovingAPortClosesItFirst) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.recorder.actions.clear();
    us.step(PortRemoved{1});
    const auto memberships = us.recorder.all<PortMembership>();
    ASSERT_EQ(memberships.size(), 1U);
    EXPECT_FALSE(memberships[0].collecting);
    EXPECT_FALSE(memberships[0].distributing);
    EXPECT_TRUE(us.recorder.lacpdus().empty());
    EXPECT_EQ(us.system.snapshot().active_aggregator, 0);
}

TEST(System, StepDoesNotAllocate) {
    LoneSystem us;
    us.add(1);
    const Frame frame = encode(us.reply(1), kTheirPort);
    Ignore sink;
    const size_t before = allocations;
    us.system.step(at(0ms), PortAdded{2, {}, {}}, sink);
    us.system.step(at(0ms), LinkChanged{2, true, true, 1000}, sink);
    for (int second = 0; second < 10; ++second) {
        us.system.step({std::chrono::seconds(second)}, SlowFrameReceived{1, frame}, sink);
        us.system.step({std::chrono::seconds(second)}, TimePassed{}, sink);
    }
    us.system.step(at(10000ms), PortLeaving{1}, sink);
    us.system.step(at(10000ms), PortRemoved{1}, sink);
    EXPECT_EQ(allocations, before);
    EXPECT_GT(sink.count, 10U);
}

} // namespace
} // namespace lagg::lacp
