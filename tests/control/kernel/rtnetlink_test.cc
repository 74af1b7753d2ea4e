// The executor against the kernel: what it sets is read back with ip(8) and with itself.
#include "tests/control/kernel/namespace_fixture.hh"

#include <algorithm>
#include <net/if.h>
#include <nlohmann/json.hpp>
#include <optional>

namespace lagg::kernel {
namespace {

using Texts = std::vector<std::string>;

class RtnetlinkTest : public NamespaceTest {
  protected:
    void SetUp() override {
        NamespaceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        queue_.emplace("lagg0");
    }

    Have read(const std::string &name = "lagg0") {
        Result<std::optional<Have>> have = netlink_->read(name);
        EXPECT_TRUE(have) << have.error().message;
        EXPECT_TRUE(have->has_value()) << name;
        return **have;
    }

    void apply(const Change &change, const std::string &name = "lagg0") {
        const Result<void> done = netlink_->apply(name, change);
        EXPECT_TRUE(done) << done.error().message;
    }

    std::string refusal(const Change &change, const std::string &name = "lagg0") {
        const Result<void> done = netlink_->apply(name, change);
        EXPECT_FALSE(done) << to_string(change);
        return done ? "" : done.error().message;
    }

    /// Addresses of lagg0 as ip(8) lists them, without the one that the kernel made from the MAC.
    Texts listed() {
        Texts texts;
        const nlohmann::json shown = ip("addr show dev lagg0");
        for (const auto &info : shown.value("addr_info", nlohmann::json::array())) {
            const std::string local = info.at("local");
            if (info.at("scope") == "link" && local.find("ff:fe") != std::string::npos) continue;
            texts.push_back(local + "/" + std::to_string(info.at("prefixlen").get<int>()));
        }
        std::sort(texts.begin(), texts.end());
        return texts;
    }

    /// The same as the executor reads them.
    Texts read_addresses() {
        Texts texts;
        for (const config::Alias &alias : read().aliases)
            texts.push_back(to_string(alias));
        std::sort(texts.begin(), texts.end());
        return texts;
    }

    std::optional<TapQueue> queue_;
};

TEST_F(RtnetlinkTest, NoSuchInterfaceIsNothing) {
    for (const char *name : {"lagg7", "", "a-name-that-is-too-long-for-an-interface"}) {
        const Result<std::optional<Have>> have = netlink_->read(name);
        ASSERT_TRUE(have) << have.error().message;
        EXPECT_FALSE(have->has_value()) << name;
    }
}

TEST_F(RtnetlinkTest, ReadsAFreshTap) {
    const Have have = read();
    EXPECT_EQ(have.index, if_nametoindex("lagg0"));
    EXPECT_FALSE(have.up);
    EXPECT_EQ(have.mtu, 1500);
    EXPECT_EQ(lagg::to_string(have.mac), ip("link show dev lagg0").at("address"));
    EXPECT_EQ(have.description, "");
    EXPECT_TRUE(have.aliases.empty());
}

TEST_F(RtnetlinkTest, SetsMtu) {
    apply(SetMtu{9216});
    EXPECT_EQ(read().mtu, 9216);
    EXPECT_EQ(ip("link show dev lagg0").at("mtu"), 9216);
}

TEST_F(RtnetlinkTest, SetsMacOfAnInterfaceThatIsUp) {
    const MacAddress mac{0x02, 0, 0x5e, 0x10, 0, 1};
    apply(kernel::SetUp{});
    apply(SetMac{mac});
    EXPECT_EQ(read().mac, mac);
    EXPECT_EQ(ip("link show dev lagg0").at("address"), "02:00:5e:10:00:01");
}

TEST_F(RtnetlinkTest, SetsAndClearsTheDescription) {
    const std::string longest(255, 'x');
    for (const std::string &text : {std::string("uplink to rack 3"), longest}) {
        apply(SetDescription{text});
        EXPECT_EQ(read().description, text);
        EXPECT_EQ(ip("link show dev lagg0").at("ifalias"), text);
    }
    apply(SetDescription{""});
    EXPECT_EQ(read().description, "");
    EXPECT_FALSE(ip("link show dev lagg0").contains("ifalias"));
}

TEST_F(RtnetlinkTest, SetsUpAndKeepsTheOtherFlags) {
    run("ip link set lagg0 promisc on");
    apply(kernel::SetUp{});
    EXPECT_TRUE(read().up);
    const nlohmann::json flags = ip("link show dev lagg0").at("flags");
    EXPECT_NE(std::find(flags.begin(), flags.end(), "UP"), flags.end());
    EXPECT_NE(std::find(flags.begin(), flags.end(), "PROMISC"), flags.end());
}

TEST_F(RtnetlinkTest, AddsAndRemovesAddresses) {
    const Texts all{"192.0.2.1/24", "192.0.2.2/32", "2001:db8::1/64", "fe80::1/64"};
    for (const std::string &text : all)
        apply(AddAlias{alias(text)});
    EXPECT_EQ(listed(), all);
    EXPECT_EQ(read_addresses(), all);
    for (const std::string &text : all)
        apply(RemoveAlias{alias(text)});
    EXPECT_EQ(listed(), Texts());
    EXPECT_EQ(read_addresses(), Texts());
}

TEST_F(RtnetlinkTest, AnIpv4AddressGetsItsBroadcastAddress) {
    apply(AddAlias{alias("10.1.130.7/22")});
    EXPECT_EQ(ip("addr show dev lagg0").at("addr_info").at(0).at("broadcast"), "10.1.131.255");
    apply(RemoveAlias{alias("10.1.130.7/22")});
    apply(AddAlias{alias("192.0.2.0/31")});
    EXPECT_FALSE(ip("addr show dev lagg0").at("addr_info").at(0).contains("broadcast"));
}

TEST_F(RtnetlinkTest, AnIpv6AddressIsUsableAtOnce) {
    apply(kernel::SetUp{});
    apply(AddAlias{alias("2001:db8::1/64")});
    const nlohmann::json shown = ip("addr show dev lagg0 to 2001:db8::/32").at("addr_info");
    const auto there = std::find_if(shown.begin(), shown.end(),
                                    [](const auto &info) { return info.contains("local"); });
    ASSERT_NE(there, shown.end());
    EXPECT_TRUE(there->value("nodad", false));
    EXPECT_FALSE(there->contains("tentative"));
}

TEST_F(RtnetlinkTest, TheKernelsOwnLinkLocalAddressIsNotListed) {
    apply(kernel::SetUp{});
    ASSERT_FALSE(ip("addr show dev lagg0 scope link").at("addr_info").empty());
    EXPECT_EQ(read_addresses(), Texts());
}

TEST_F(RtnetlinkTest, AnAddressWithAPeerIsNoAlias) {
    run("ip addr add 192.0.2.1 peer 198.51.100.1/24 dev lagg0");
    EXPECT_EQ(read_addresses(), Texts());
}

TEST_F(RtnetlinkTest, AddressesOfOtherInterfacesAreNotListed) {
    make_veth_pair();
    run("ip addr add 192.0.2.1/24 dev veth0");
    EXPECT_EQ(read_addresses(), Texts());
}

TEST_F(RtnetlinkTest, AddingWhatIsThereAndRemovingWhatIsNotAreFine) {
    for (const char *text : {"192.0.2.1/24", "2001:db8::1/64"}) {
        apply(RemoveAlias{alias(text)});
        apply(AddAlias{alias(text)});
        apply(AddAlias{alias(text)});
    }
    EXPECT_EQ(listed(), (Texts{"192.0.2.1/24", "2001:db8::1/64"}));
}

TEST_F(RtnetlinkTest, RemovingTheFirstAddressOfASubnetKeepsTheOthers) {
    write_file("/proc/sys/net/ipv4/conf/lagg0/promote_secondaries", "0");
    apply(AddAlias{alias("192.0.2.1/24")});
    run("ip addr add 192.0.2.7/24 dev lagg0");
    apply(RemoveAlias{alias("192.0.2.1/24")});
    EXPECT_EQ(listed(), (Texts{"192.0.2.7/24"}));
}

TEST_F(RtnetlinkTest, APlanPassesAndASecondOneIsEmpty) {
    run("ip link set lagg0 mtu 1000");
    run("ip addr add 192.0.2.7/24 dev lagg0");
    Want want{9000,
              {0x02, 0, 0x5e, 0x10, 0, 1},
              "uplink",
              {alias("192.0.2.1/24"), alias("2001:db8::1/64")}};
    std::vector<config::Alias> ours;
    for (const Change &change : plan(read(), want, ours))
        apply(change);
    EXPECT_EQ(listed(), (Texts{"192.0.2.1/24", "192.0.2.7/24", "2001:db8::1/64"}));
    EXPECT_TRUE(plan(read(), want, ours).empty());

    ours = want.aliases;
    want.aliases = {alias("192.0.2.1/16"), alias("2001:db8::1/48")};
    for (const Change &change : plan(read(), want, ours))
        apply(change);
    EXPECT_EQ(listed(), (Texts{"192.0.2.1/16", "192.0.2.7/24", "2001:db8::1/48"}));
    EXPECT_TRUE(plan(read(), want, ours).empty());
}

TEST_F(RtnetlinkTest, ReadsTheCarrier) {
    apply(kernel::SetUp{});
    for (const bool on : {false, true}) {
        run(on ? "ip link set lagg0 carrier on" : "ip link set lagg0 carrier off");
        EXPECT_EQ(read().carrier, on);
        EXPECT_EQ(read_file("/sys/class/net/lagg0/carrier"), on ? "1" : "0");
    }
}

TEST_F(RtnetlinkTest, RemovesATap) {
    queue_.reset();
    ASSERT_NE(if_nametoindex("lagg0"), 0U) << "persistent";
    EXPECT_TRUE(netlink_->remove("lagg0"));
    EXPECT_EQ(if_nametoindex("lagg0"), 0U);
    EXPECT_TRUE(netlink_->remove("lagg0")) << "none is fine";
}

TEST_F(RtnetlinkTest, ListsTapsCalledLaggAndANumber) {
    const TapQueue others[] = {TapQueue("lagg10"), TapQueue("lagg2"), TapQueue("lagg"),
                               TapQueue("lagg1x"), TapQueue("tap0"),  TapQueue("xlagg1")};
    run("ip link add lagg3 type veth peer name veth1");
    run("ip tuntap add dev lagg4 mode tun");
    const Result<Texts> names = netlink_->lagg_interfaces();
    ASSERT_TRUE(names) << names.error().message;
    EXPECT_EQ(*names, (Texts{"lagg0", "lagg2", "lagg10"}));
}

TEST_F(RtnetlinkTest, RefusesToRemoveWhatIsNoTap) {
    make_veth_pair();
    run("ip tuntap add dev tun0 mode tun");
    for (const std::string name : {"veth0", "tun0"}) {
        const Result<void> done = netlink_->remove(name);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().message, name + ": this is not a TAP interface, and laggd removes "
                                               "no other; rename one of the two, or remove it by "
                                               "hand");
        EXPECT_NE(if_nametoindex(name.c_str()), 0U);
    }
}

TEST_F(RtnetlinkTest, RefusalsSayWhatWhyAndTheWayOut) {
    EXPECT_EQ(refusal(SetMtu{65530}),
              "lagg0: the kernel refused MTU 65530: mtu greater than device "
              "maximum; it takes 68 to 65521");
    EXPECT_EQ(
        refusal(SetMac{{0x03, 0, 0, 0, 0, 1}}),
        "lagg0: the kernel refused MAC 03:00:00:00:00:01: Cannot assign requested address; it "
        "takes a unicast address that is not zero");
    EXPECT_NE(refusal(SetDescription{std::string(256, 'x')}).find("; it takes at most 255 bytes"),
              std::string::npos);
    EXPECT_EQ(refusal(kernel::SetUp{}, "lagg9"), "lagg9: there is no such interface");
}

TEST_F(RtnetlinkTest, AnIpv6AddressTakenWithAnotherPrefixLengthIsRefused) {
    run("ip addr add 2001:db8::1/64 dev lagg0");
    EXPECT_EQ(refusal(AddAlias{alias("2001:db8::1/48")}),
              "lagg0: the kernel refused address 2001:db8::1/48: the interface has it as "
              "2001:db8::1/64, which laggd did not set; remove that, or write this prefix length");
    EXPECT_EQ(listed(), (Texts{"2001:db8::1/64"}));
}

} // namespace
} // namespace lagg::kernel
