// The link of a device, asked of its driver by a thread; over devices of DPDK's that are rings.
#include "dataplane/port/link_events.hh"
#include "dataplane/port/link_watch.hh"
#include "dataplane/port/undertaker.hh"

#include <rte_eal.h>
#include <rte_ethdev.h>

#include <gtest/gtest.h>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <thread>

using namespace std::chrono_literals;

namespace lagg::port {

namespace {

constexpr auto kLimit = 5s;

template <typename Condition> bool wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    while (!condition())
        if (std::chrono::steady_clock::now() >= deadline)
            return false;
        else
            std::this_thread::sleep_for(1ms);
    return true;
}

class LinkWatchTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        if (pool_ != nullptr) return;
        const char *arguments[] = {
            "port_test",     "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m", "96",
            "--file-prefix", "port_test", "--lcores",    "0"};
        ASSERT_GE(
            rte_eal_init(static_cast<int>(std::size(arguments)), const_cast<char **>(arguments)),
            0);
        Result<std::unique_ptr<PacketPool>> pool = PacketPool::create(2048);
        ASSERT_TRUE(pool) << pool.error().message;
        pool_ = std::move(*pool);
    }

    std::unique_ptr<Port> open(const std::string &name) {
        OpenOptions options{.name = name,
                            .device = parse_device("net_ring_" + name, name),
                            .descriptors = 128,
                            .events = events_};
        Result<std::unique_ptr<Port>> port = Port::open(options, *pool_);
        EXPECT_TRUE(port) << port.error().message;
        const Result<void> started = (*port)->start();
        EXPECT_TRUE(started) << started.error().message;
        return *std::move(port);
    }

    bool told() {
        pollfd fd{.fd = events_->fd(), .events = POLLIN, .revents = 0};
        const bool readable =
            poll(&fd, 1, static_cast<int>(std::chrono::milliseconds(kLimit).count())) == 1;
        events_->clear();
        return readable;
    }

    static std::unique_ptr<PacketPool> pool_;
    std::shared_ptr<LinkEvents> events_ = std::make_shared<LinkEvents>();
};

std::unique_ptr<PacketPool> LinkWatchTest::pool_;

} // namespace

TEST_F(LinkWatchTest, KnowsTheLinkFromTheStart) {
    const auto port = open("a");
    ASSERT_NE(port->watch(), nullptr);
    EXPECT_TRUE(port->watch()->known().link.up);
    EXPECT_EQ(port->watch()->known().losses, 0u);
    EXPECT_EQ(port->link_source(), LinkSource::DRIVER);
}

TEST_F(LinkWatchTest, FindsALinkThatGoesAndTellsAtOnce) {
    const auto port = open("b");
    events_->clear();
    rte_eth_dev_set_link_down(port->device());
    ASSERT_TRUE(told());
    const LinkWatch::Known lost = port->watch()->known();
    EXPECT_FALSE(lost.link.up);
    EXPECT_EQ(lost.losses, 1u);
    EXPECT_EQ(lost.polled, 1u);
    EXPECT_EQ(lost.told, 0u) << "the driver of rings tells nobody";
    rte_eth_dev_set_link_up(port->device());
    ASSERT_TRUE(told());
    EXPECT_TRUE(port->watch()->known().link.up);
    EXPECT_EQ(port->watch()->known().losses, 1u);
    EXPECT_EQ(port->watch()->known().polled, 2u);
}

TEST_F(LinkWatchTest, CountsWhatTheDriverCounts) {
    const auto port = open("c");
    const auto counters = port->watch()->extended_counters(1s);
    ASSERT_TRUE(counters);
    EXPECT_TRUE(std::ranges::any_of(
        *counters, [](const auto &counter) { return counter.first == "rx_good_packets"; }));
}

TEST_F(LinkWatchTest, SaysNothingAfterTheWatchEnded) {
    auto port = open("d");
    const DeviceId device = port->device();
    const std::shared_ptr<LinkWatch> watch = port->watch();
    ASSERT_TRUE(port->stop());
    EXPECT_EQ(port->watch(), nullptr);
    ASSERT_TRUE(port->start());
    EXPECT_NE(port->watch(), watch) << "it is another one";
    EXPECT_TRUE(port->watch()->known().link.up);
    EXPECT_EQ(port->device(), device);
}

TEST_F(LinkWatchTest, QueuesAreEmptiedByARestartWhereTheDriverOffersNoMore) {
    const auto port = open("e");
    const Result<bool> emptied = port->empty_queues();
    ASSERT_TRUE(emptied) << emptied.error().message;
    EXPECT_NE(port->watch(), nullptr);
}

TEST_F(LinkWatchTest, TheUndertakerClosesAndSaysWhatIsLeft) {
    Undertaker undertaker;
    auto port = open("f");
    const std::string device = port->device_name();
    undertaker.take(std::move(port));
    EXPECT_TRUE(undertaker.wait(kLimit).empty());
    EXPECT_FALSE(undertaker.has(device));
    uint16_t id = 0;
    EXPECT_NE(rte_eth_dev_get_port_by_name(device.c_str(), &id), 0) << "the device is still there";
}

} // namespace lagg::port
