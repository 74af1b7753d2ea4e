// Uses of an interface by the host, made with ip(8) and read with ours.
#include "control/kernel/interface_list.hh"

#include "control/kernel/netlink_socket.hh"
#include "tests/control/kernel/namespace_fixture.hh"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>

namespace lagg::kernel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// An address as the kernel makes one when a router advertises its prefix; ip(8) cannot say that
/// yet.
void add_as_advertised(const std::string &address, const std::string &interface) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET6;
    header.ifa_prefixlen = 64;
    header.ifa_flags = IFA_F_NODAD;
    header.ifa_index = if_nametoindex(interface.c_str());
    const Message message =
        make_message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE, &header, sizeof header);
    in6_addr octets{};
    ASSERT_EQ(inet_pton(AF_INET6, address.c_str(), &octets), 1);
    put(message, IFA_LOCAL, &octets, sizeof octets);
    const uint8_t maker = IFAPROT_KERNEL_RA;
    put(message, IFA_PROTO, &maker, sizeof maker);
    const Result<Socket> socket = connect_route();
    ASSERT_TRUE(socket);
    ASSERT_EQ(request(socket->get(), message).error, 0);
}

class InterfaceListTest : public NamespaceTest {
  protected:
    void SetUp() override {
        NamespaceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        run("ip link add eth1 type veth peer name eth2");
        run("ip link set eth1 up");
        run("ip link set eth2 up");
    }

    InterfaceUse use(const std::string &name) {
        const Result<std::vector<InterfaceUse>> uses = read_interface_uses();
        EXPECT_TRUE(uses) << uses.error().message;
        for (const InterfaceUse &one : *uses)
            if (one.name == name) return one;
        ADD_FAILURE() << "no interface " << name;
        return {};
    }
};

TEST_F(InterfaceListTest, WhatTheKernelDoesByItselfIsNoUse) {
    const InterfaceUse eth1 = use("eth1");
    EXPECT_TRUE(eth1.up);
    EXPECT_EQ(eth1.mtu, 1500U);
    EXPECT_GE(eth1.max_mtu, 9000U);
    // Up, with its link-local address and the routes that come with it.
    EXPECT_THAT(eth1.addresses, IsEmpty());
    EXPECT_THAT(eth1.routes, IsEmpty());
    // The other end of a veth does not stand on it.
    EXPECT_THAT(eth1.above, IsEmpty());
    EXPECT_EQ(eth1.master, "");
    EXPECT_FALSE(eth1.lagg_tap);
}

TEST_F(InterfaceListTest, Addresses) {
    run("ip address add 192.0.2.1/24 dev eth1");
    run("ip address add 192.0.2.5 peer 192.0.2.6/32 dev eth1");
    run("ip address add 2001:db8::1/64 dev eth1 nodad");
    EXPECT_THAT(use("eth1").addresses,
                testing::UnorderedElementsAre("192.0.2.1/24", "192.0.2.5/32", "2001:db8::1/64"));
    EXPECT_THAT(use("eth1").routes, IsEmpty());
    EXPECT_THAT(use("eth2").addresses, IsEmpty());
}

TEST_F(InterfaceListTest, Routes) {
    run("ip route add 198.51.100.0/24 dev eth1");
    EXPECT_THAT(use("eth1").routes, ElementsAre("198.51.100.0/24"));
    EXPECT_FALSE(use("eth1").has_default_route);
    run("ip -6 route add default dev eth1");
    EXPECT_TRUE(use("eth1").has_default_route);
    // In another table, and over several ways.
    run("ip route add 203.0.113.0/24 table 7 nexthop dev eth1 weight 1 nexthop dev eth2 weight 1");
    EXPECT_THAT(use("eth2").routes, ElementsAre("203.0.113.0/24"));
}

TEST_F(InterfaceListTest, RoutersThatAdvertiseThemselves) {
    add_as_advertised("2001:db8::9", "eth1");
    run("ip -6 route add default dev eth1 proto ra");
    EXPECT_THAT(use("eth1").addresses, IsEmpty());
    EXPECT_THAT(use("eth1").routes, IsEmpty());
    EXPECT_FALSE(use("eth1").has_default_route);
    EXPECT_TRUE(use("eth1").has_advertised_route);
    EXPECT_FALSE(use("eth2").has_advertised_route);
}

TEST_F(InterfaceListTest, ABridge) {
    run("ip link add br0 type bridge");
    run("ip link set eth1 master br0");
    EXPECT_EQ(use("eth1").master, "br0");
    EXPECT_EQ(use("eth1").master_kind, "bridge");
    EXPECT_EQ(use("eth2").master, "");
}

TEST_F(InterfaceListTest, TheInterfaceOfALagg) {
    const TapQueue lagg("lagg7");
    const TapQueue other("tap7");
    EXPECT_TRUE(use("lagg7").lagg_tap);
    EXPECT_FALSE(use("tap7").lagg_tap);
}

} // namespace
} // namespace lagg::kernel
