// The watch against real interfaces: cables pulled, interfaces gone, a bridge that talks in
// between, and a queue that overran.
#include "control/kernel/carrier_watch.hh"

#include "tests/control/kernel/namespace_fixture.hh"

#include <chrono>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <map>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lagg::kernel {
namespace {

using Clock = std::chrono::steady_clock;
/// Far more than the second that the kernel at most holds a link event back.
constexpr std::chrono::seconds kLimit(10);

enum class State { DOWN, UP, GONE, NEVER_REPORTED };

class CarrierWatchTest : public NamespaceTest {
  protected:
    void SetUp() override {
        NamespaceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        make_veth_pair();
        veth0_ = if_nametoindex("veth0");
        Result<std::unique_ptr<CarrierWatch>> watch = CarrierWatch::open();
        ASSERT_TRUE(watch) << watch.error().message;
        watch_ = *std::move(watch);
    }

    void handle() {
        watch_->handle([this](const Carrier &carrier) {
            ++reports_;
            states_[carrier.index] = !carrier.present ? State::GONE
                                     : carrier.up     ? State::UP
                                                      : State::DOWN;
            if (carrier.index == veth0_ && carrier.present && !carrier.up) ++losses_;
            sources_[carrier.index] = carrier.source;
        });
    }

    State state(unsigned index) const {
        const auto entry = states_.find(index);
        return entry == states_.end() ? State::NEVER_REPORTED : entry->second;
    }

    /// Handles what comes until the interface is in this state; false after the limit.
    bool comes(unsigned index, State wanted) {
        const auto end = Clock::now() + kLimit;
        while (state(index) != wanted) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
            pollfd descriptors[] = {{watch_->fd(), POLLIN, 0}, {watch_->counter_fd(), POLLIN, 0}};
            if (left.count() <= 0 || poll(descriptors, 2, static_cast<int>(left.count())) <= 0)
                return false;
            handle();
        }
        return true;
    }

    /// Handles what comes until that source told of the interface; false after the limit.
    bool comes_from(unsigned index, CarrierSource wanted) {
        const auto end = Clock::now() + kLimit;
        while (!sources_.contains(index) || sources_[index] != wanted) {
            pollfd descriptors[] = {{watch_->fd(), POLLIN, 0}, {watch_->counter_fd(), POLLIN, 0}};
            poll(descriptors, 2, 100);
            if (Clock::now() >= end) return false;
            handle();
        }
        return true;
    }

    static void bridge_port(unsigned long request, const char *bridge, unsigned port) {
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ifreq parameters{};
        std::string(bridge).copy(parameters.ifr_name, IFNAMSIZ - 1);
        parameters.ifr_ifindex = static_cast<int>(port);
        EXPECT_EQ(ioctl(fd, request, &parameters), 0);
        ::close(fd);
    }

    /// More link messages than the queue holds.
    void overrun() {
        const int size = 1 << 16;
        ASSERT_EQ(setsockopt(watch_->fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
        for (int i = 0; i < kFlood; ++i)
            ASSERT_TRUE(netlink_->apply("veth0", SetDescription{std::to_string(i)}));
    }

    static constexpr int kFlood = 300;
    unsigned veth0_ = 0;
    std::unique_ptr<CarrierWatch> watch_;
    std::map<unsigned, State> states_;
    std::map<unsigned, CarrierSource> sources_;
    int reports_ = 0;
    int losses_ = 0; ///< reports that veth0 is down
};

TEST_F(CarrierWatchTest, TheFirstHandleReportsAllThereIs) {
    run("ip link add veth2 type veth peer name veth3");
    run("ip link set veth2 up");
    Result<std::unique_ptr<CarrierWatch>> late = CarrierWatch::open();
    ASSERT_TRUE(late);
    watch_ = *std::move(late);
    handle();
    EXPECT_EQ(state(if_nametoindex("lo")), State::DOWN);
    EXPECT_NE(state(veth0_), State::NEVER_REPORTED);
    EXPECT_EQ(state(if_nametoindex("veth2")), State::DOWN) << "its peer is down";
    EXPECT_TRUE(comes(veth0_, State::UP));
}

TEST_F(CarrierWatchTest, NothingWaitingReturnsAtOnce) {
    const int flags = fcntl(watch_->fd(), F_GETFL);
    EXPECT_NE(flags & O_NONBLOCK, 0);
    ASSERT_TRUE(comes(veth0_, State::UP));
    handle();
    handle();
}

TEST_F(CarrierWatchTest, FollowsThePeer) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    run("ip link set veth1 down");
    EXPECT_TRUE(comes(veth0_, State::DOWN));
    run("ip link set veth1 up");
    EXPECT_TRUE(comes(veth0_, State::UP));
}

// The kernel holds notifications back for a second after each other one; the counter does not.
TEST_F(CarrierWatchTest, ALossRightAfterAnotherEventIsKnownAtOnce) {
    constexpr std::chrono::milliseconds kSoon(200);
    ASSERT_TRUE(comes(veth0_, State::UP));
    watch_->follow({veth0_});
    ASSERT_TRUE(comes_from(veth0_, CarrierSource::ANSWER)) << "it asks what the counter stands for";
    for (int i = 0; i < 5; ++i) {
        run("ip link set veth1 down");
        const auto pulled = Clock::now();
        ASSERT_TRUE(comes(veth0_, State::DOWN));
        EXPECT_LT(Clock::now() - pulled, kSoon);
        run("ip link set veth1 up");
        const auto plugged = Clock::now();
        ASSERT_TRUE(comes(veth0_, State::UP));
        EXPECT_LT(Clock::now() - plugged, kSoon);
    }
}

TEST_F(CarrierWatchTest, AnOutageBetweenTwoLooksIsReported) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    watch_->follow({veth0_});
    ASSERT_TRUE(comes_from(veth0_, CarrierSource::ANSWER));
    losses_ = 0;
    run("ip link set veth1 down; ip link set veth1 up");
    const auto end = Clock::now() + kLimit;
    while (losses_ == 0 && Clock::now() < end) {
        pollfd descriptor{watch_->counter_fd(), POLLIN, 0};
        poll(&descriptor, 1, 100);
        handle();
    }
    EXPECT_GE(losses_, 1);
    EXPECT_TRUE(comes(veth0_, State::UP));
}

TEST_F(CarrierWatchTest, AFollowedInterfaceMayBeRenamedAndGo) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    watch_->follow({veth0_});
    ASSERT_TRUE(comes_from(veth0_, CarrierSource::ANSWER));
    run("ip link set veth0 name other");
    run("ip link set veth1 down");
    ASSERT_TRUE(comes(veth0_, State::DOWN));
    run("ip link del other");
    EXPECT_TRUE(comes(veth0_, State::GONE));
}

// Where /sys shows another namespace there is no counter to read, and asking takes its place.
TEST_F(CarrierWatchTest, WithoutACounterItIsAsked) {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("none", "/sys", "tmpfs", 0, nullptr), 0);
    ASSERT_TRUE(comes(veth0_, State::UP));
    watch_->follow({veth0_});
    sources_.clear();
    EXPECT_TRUE(comes_from(veth0_, CarrierSource::ANSWER));
    run("ip link set veth1 down");
    EXPECT_TRUE(comes(veth0_, State::DOWN));
    umount("/sys");
}

TEST_F(CarrierWatchTest, AdministrativelyDownIsDown) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    run("ip link set veth0 down");
    EXPECT_TRUE(comes(veth0_, State::DOWN));
}

TEST_F(CarrierWatchTest, FollowsTheCarrierOfATap) {
    const TapQueue queue("lagg0");
    const unsigned index = if_nametoindex("lagg0");
    ASSERT_TRUE(netlink_->apply("lagg0", kernel::SetUp{}));
    EXPECT_TRUE(comes(index, State::UP));
    run("ip link set lagg0 carrier off");
    EXPECT_TRUE(comes(index, State::DOWN));
}

TEST_F(CarrierWatchTest, AnOperationalStateThatIsUnknownIsUp) {
    run("ip link set lo up");
    ASSERT_EQ(read_file("/sys/class/net/lo/operstate"), "unknown");
    EXPECT_TRUE(comes(if_nametoindex("lo"), State::UP));
}

TEST_F(CarrierWatchTest, DormantIsDown) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    run("ip link set veth0 mode dormant state dormant");
    ASSERT_EQ(read_file("/sys/class/net/veth0/carrier"), "1");
    EXPECT_TRUE(comes(veth0_, State::DOWN));
}

TEST_F(CarrierWatchTest, AnInterfaceThatIsRemovedIsGone) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    run("ip link del veth0");
    EXPECT_TRUE(comes(veth0_, State::GONE));
}

TEST_F(CarrierWatchTest, AnInterfaceThatLeavesABridgeIsNotGone) {
    run("ip link add br0 type bridge");
    ASSERT_TRUE(comes(veth0_, State::UP));
    bridge_port(SIOCBRADDIF, "br0", veth0_);
    bridge_port(SIOCBRDELIF, "br0", veth0_);
    bool gone = false;
    watch_->handle([&](const Carrier &carrier) {
        if (carrier.index == veth0_ && !carrier.present) gone = true;
    });
    EXPECT_FALSE(gone);
}

TEST_F(CarrierWatchTest, ADumpReportsEverythingAnew) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    handle();
    states_.clear();
    watch_->request_dump();
    EXPECT_TRUE(comes(veth0_, State::UP));
    EXPECT_TRUE(comes(if_nametoindex("lo"), State::DOWN));
}

TEST_F(CarrierWatchTest, AnInterfaceThatAppearsIsReported) {
    handle();
    run("ip link add veth2 type veth peer name veth3");
    run("ip link set veth3 up");
    run("ip link set veth2 up");
    EXPECT_TRUE(comes(if_nametoindex("veth2"), State::UP));
}

TEST_F(CarrierWatchTest, AfterAnOverrunTheLostCarrierIsFound) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    overrun();
    run("ip link set veth1 down");
    reports_ = 0;
    handle();
    ASSERT_LT(reports_, kFlood) << "the queue did not overrun";
    EXPECT_TRUE(comes(veth0_, State::DOWN));
}

TEST_F(CarrierWatchTest, AfterAnOverrunALostRemovalIsFound) {
    ASSERT_TRUE(comes(veth0_, State::UP));
    overrun();
    run("ip link del veth0");
    EXPECT_TRUE(comes(veth0_, State::GONE));
}

/// 150 pairs of interfaces beside those of the fixture.
void make_many() {
    std::string batch;
    for (int i = 0; i < 150; ++i)
        batch +=
            "link add p" + std::to_string(i) + " type veth peer name q" + std::to_string(i) + "\\n";
    run("printf '" + batch + "' | ip -batch -");
}

TEST_F(CarrierWatchTest, TheFirstReportHasRoomForManyInterfaces) {
    make_many();
    Result<std::unique_ptr<CarrierWatch>> watch = CarrierWatch::open();
    ASSERT_TRUE(watch);
    watch_ = *std::move(watch);
    handle();
    EXPECT_EQ(states_.size(), 303U);
}

TEST_F(CarrierWatchTest, AskingForManyDoesNotOverrunASmallQueue) {
    make_many();
    ASSERT_TRUE(comes(veth0_, State::UP));
    overrun();
    run("ip link del veth0");
    ASSERT_TRUE(comes(veth0_, State::GONE));
    const unsigned last = if_nametoindex("p149");
    ASSERT_GT(last, 0U);
    states_.erase(last);
    watch_->request_dump();
    EXPECT_TRUE(comes(last, State::DOWN));
}

class LinkSpeedTest : public NamespaceTest {
  protected:
    /// What `ethtool -s` does; the TAP driver takes any speed.
    static void set_speed(const char *name, uint32_t mbps, uint8_t duplex) {
        ethtool_cmd command{};
        command.cmd = ETHTOOL_SSET;
        ethtool_cmd_speed_set(&command, mbps);
        command.duplex = duplex;
        ifreq request{};
        std::string(name).copy(request.ifr_name, IFNAMSIZ - 1);
        void *data = &command;
        request.ifr_data = static_cast<char *>(data);
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(ioctl(fd, SIOCETHTOOL, &request), 0);
        ::close(fd);
    }
};

TEST_F(LinkSpeedTest, ReadsSpeedAndDuplex) {
    const TapQueue queue("lagg0");
    const unsigned index = if_nametoindex("lagg0");
    ASSERT_TRUE(netlink_->apply("lagg0", kernel::SetUp{}));
    set_speed("lagg0", 25000, DUPLEX_FULL);
    EXPECT_EQ(link_speed(index).mbps, 25000U);
    EXPECT_TRUE(link_speed(index).full_duplex);
    set_speed("lagg0", 100, DUPLEX_HALF);
    EXPECT_EQ(link_speed(index).mbps, 100U);
    EXPECT_FALSE(link_speed(index).full_duplex);
}

TEST_F(LinkSpeedTest, UnknownIsNoSpeedAndFullDuplex) {
    const TapQueue queue("lagg0");
    const unsigned index = if_nametoindex("lagg0");
    set_speed("lagg0", static_cast<uint32_t>(SPEED_UNKNOWN), DUPLEX_UNKNOWN);
    EXPECT_EQ(link_speed(index).mbps, 0U) << "down";
    ASSERT_TRUE(netlink_->apply("lagg0", kernel::SetUp{}));
    EXPECT_EQ(link_speed(index).mbps, 0U) << "unknown";
    EXPECT_TRUE(link_speed(index).full_duplex);
    EXPECT_EQ(link_speed(999).mbps, 0U) << "no such interface";
}

} // namespace
} // namespace lagg::kernel
