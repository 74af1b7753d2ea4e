// The sysctls of a quietened interface, before, during and after.
#include "tests/control/kernel/namespace_fixture.hh"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <net/if.h>

namespace lagg::kernel {
namespace {

using Values = std::map<std::string, std::string>;

class QuietedTest : public NamespaceTest {
  protected:
    static std::string path(const std::string &interface, const std::string &setting) {
        const size_t slash = setting.find('/');
        return "/proc/sys/net/" + setting.substr(0, slash) + "/conf/" + interface +
               setting.substr(slash);
    }

    static Values values(const std::string &interface) {
        Values result = kQuiet;
        for (auto &[setting, value] : result)
            value = read_file(path(interface, setting));
        return result;
    }

    static void set(const std::string &interface, const Values &values) {
        for (const auto &[setting, value] : values)
            write_file(path(interface, setting), value);
    }

    std::unique_ptr<Quieted> quieten(const std::string &interface) {
        Result<std::unique_ptr<Quieted>> quieted =
            Quieted::quieten(*netlink_, interface, directory_);
        EXPECT_TRUE(quieted) << quieted.error().message;
        return quieted ? *std::move(quieted) : nullptr;
    }

    /// As SIGKILL ends it: nothing is put back.
    static void kill(std::unique_ptr<Quieted> quieted) {
        static auto &remains = *new std::vector<Quieted *>; // known to whoever looks for leaks
        remains.push_back(quieted.release());
    }

    size_t files() const {
        return static_cast<size_t>(
            std::distance(std::filesystem::directory_iterator(directory_), {}));
    }

    void SetUp() override {
        NamespaceTest::SetUp();
        std::string pattern = testing::TempDir() + "lagg-quieted-XXXXXX";
        directory_ = mkdtemp(pattern.data());
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string directory_;
    static inline const Values kQuiet{{"ipv6/disable_ipv6", "1"},
                                      {"ipv4/arp_ignore", "8"},
                                      {"ipv4/rp_filter", "1"},
                                      {"ipv4/forwarding", "0"}};
    static inline const Values kBefore{{"ipv6/disable_ipv6", "0"},
                                       {"ipv4/arp_ignore", "2"},
                                       {"ipv4/rp_filter", "2"},
                                       {"ipv4/forwarding", "1"}};
};

TEST_F(QuietedTest, QuietensBringsUpAndRestores) {
    // A name like that of a VLAN interface: its dot is no separator.
    run("ip link add eth0.100 type veth peer name veth1");
    set("eth0.100", kBefore);
    const Values neighbour = values("veth1");
    auto quieted = quieten("eth0.100");
    EXPECT_EQ(values("eth0.100"), kQuiet);
    EXPECT_EQ(values("veth1"), neighbour);
    EXPECT_TRUE((**netlink_->read("eth0.100")).up);
    EXPECT_EQ(run("ip -6 addr show dev eth0.100"), "") << "no link-local address";
    quieted.reset();
    EXPECT_EQ(values("eth0.100"), kBefore);
    EXPECT_TRUE((**netlink_->read("eth0.100")).up) << "stays up";
}

TEST_F(QuietedTest, RestoresUnderANewName) {
    make_veth_pair();
    set("veth0", kBefore);
    auto quieted = quieten("veth0");
    run("ip link set veth0 down");
    run("ip link set veth0 name port0");
    quieted.reset();
    EXPECT_EQ(values("port0"), kBefore);
}

TEST_F(QuietedTest, AnInterfaceThatIsGoneStaysAlone) {
    make_veth_pair();
    auto quieted = quieten("veth0");
    run("ip link del veth0");
    make_veth_pair();
    set("veth0", kBefore);
    quieted.reset();
    EXPECT_EQ(values("veth0"), kBefore) << "another interface of the same name is not touched";
}

TEST_F(QuietedTest, AnInterfaceWithoutIpv6IsFine) {
    run("ip link add veth0 mtu 1000 type veth peer name veth1");
    ASSERT_FALSE(std::filesystem::exists("/proc/sys/net/ipv6/conf/veth0"));
    const auto quieted = quieten("veth0");
    EXPECT_EQ(read_file("/proc/sys/net/ipv4/conf/veth0/arp_ignore"), "8");
}

TEST_F(QuietedTest, WhatAKilledProcessChangedIsPutBackByTheNext) {
    make_veth_pair();
    set("veth0", kBefore);
    run("ip link set veth0 mtu 1400 address 02:00:00:00:00:07");
    for (int kills = 0; kills < 2; ++kills) {
        kill(quieten("veth0"));
        // What a port does to it.
        run("ip link set veth0 mtu 9000 address 02:00:00:00:00:99 promisc on");
    }
    quieten("veth0").reset();
    EXPECT_EQ(values("veth0"), kBefore);
    const nlohmann::json link = ip("link show dev veth0");
    EXPECT_EQ(link["mtu"], 1400);
    EXPECT_EQ(link["address"], "02:00:00:00:00:07");
    EXPECT_EQ(link["flags"].dump().find("PROMISC"), std::string::npos) << link["flags"];
    EXPECT_EQ(files(), 0u);
}

TEST_F(QuietedTest, WhatAnOperatorChangedAfterAKillStays) {
    make_veth_pair();
    set("veth0", kBefore);
    kill(quieten("veth0"));
    write_file(path("veth0", "ipv4/arp_ignore"), "1");
    quieten("veth0").reset();
    Values expected = kBefore;
    expected["ipv4/arp_ignore"] = "1";
    EXPECT_EQ(values("veth0"), expected);
}

TEST_F(QuietedTest, WithoutAKillTheMtuIsNotOurs) {
    make_veth_pair();
    auto quieted = quieten("veth0");
    run("ip link set veth0 mtu 1400");
    quieted.reset();
    EXPECT_EQ(ip("link show dev veth0")["mtu"], 1400);
}

TEST_F(QuietedTest, InterfacesThatNobodyUsesNowArePutBack) {
    make_veth_pair();
    set("veth0", kBefore);
    set("veth1", kBefore);
    kill(quieten("veth0"));
    const auto in_use = quieten("veth1");
    write_file(directory_ + "/lagg0.aliases", "192.0.2.1/24\n");
    EXPECT_EQ(put_back_left_over(*netlink_, directory_, {if_nametoindex("veth1")}),
              std::vector<std::string>{"veth0"});
    EXPECT_EQ(values("veth0"), kBefore);
    EXPECT_EQ(values("veth1"), kQuiet);
    EXPECT_EQ(files(), 2u) << "that of veth1, and one that is none of ours";
    EXPECT_TRUE(put_back_left_over(*netlink_, directory_, {if_nametoindex("veth1")}).empty());
}

TEST_F(QuietedTest, ADirectoryThatCannotBeWrittenToCostsNothingElse) {
    make_veth_pair();
    set("veth0", kBefore);
    std::filesystem::remove_all(directory_);
    quieten("veth0").reset();
    EXPECT_EQ(values("veth0"), kBefore);
}

TEST_F(QuietedTest, AnInterfaceThatDoesNotExistIsAnError) {
    for (const std::string name : {"veth0", "all", "../lo"}) {
        const Result<std::unique_ptr<Quieted>> quieted =
            Quieted::quieten(*netlink_, name, directory_);
        ASSERT_FALSE(quieted);
        EXPECT_EQ(quieted.error().message,
                  "there is no kernel interface '" + name + "'; `ip link` lists them");
    }
}

} // namespace
} // namespace lagg::kernel
