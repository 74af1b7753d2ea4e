// Values with a syntax of their own, at their edges.
#include "control/config/values.hh"

#include <gtest/gtest.h>

namespace lagg::config {
namespace {

TEST(Device, CanonicalForms) {
    EXPECT_EQ(*parse_device("0000:03:00.0"), "0000:03:00.0");
    EXPECT_EQ(*parse_device("03:1f.7"), "0000:03:1f.7");
    EXPECT_EQ(*parse_device("ABCD:EF:0A.1"), "abcd:ef:0a.1");
    EXPECT_EQ(*parse_device("03:00.0,mprq_en=1"), "0000:03:00.0,mprq_en=1");
    EXPECT_EQ(*parse_device("vdev:net_null0"), "net_null0");
    EXPECT_EQ(*parse_device("eth_ring0"), "eth_ring0");
    EXPECT_EQ(*parse_device("net_af_packet,iface=Eth1"), "net_af_packet,iface=Eth1");
}

TEST(Device, WhatIsNone) {
    for (const char *text :
         {"", "vdev:", "0000:03:00.8", "0000:03:20.0", "000:03:00.0", "0000:3:00.0", "0000:03:00:0",
          "0000:03:00.00", "123456789:03:00.0", "0000:0g:00.0", "eth0", "net", "net_tap0 ",
          "net_tap0,iface=a b", "net_af_packet0", "net_af_xdp,iface=", "03:00.0 ", ":03:00.0"}) {
        EXPECT_FALSE(parse_device(text)) << text;
    }
}

TEST(Device, Identity) {
    EXPECT_EQ(device_identity("0000:03:00.0,a=1"), device_identity("0000:03:00.0"));
    EXPECT_EQ(device_identity("net_af_packet,iface=eth1,qpairs=2"),
              device_identity("net_af_xdp0,start_queue=0,iface=eth1"));
    EXPECT_NE(device_identity("net_af_packet,iface=eth1"),
              device_identity("net_af_packet,iface=eth11"));
    EXPECT_NE(device_identity("net_ring0"), device_identity("net_ring1"));
}

TEST(Device, AddressesAndInterfaces) {
    EXPECT_EQ(pci_address("0000:03:00.0,a=1"), "0000:03:00.0");
    EXPECT_EQ(pci_address("net_af_packet,iface=eth1"), "");
    EXPECT_EQ(opened_interface("net_af_packet_p1,qpairs=2,iface=eth1"), "eth1");
    EXPECT_EQ(opened_interface("net_af_xdp,iface=eth1"), "eth1");
    EXPECT_EQ(opened_interface("net_tap0,iface=eth1"), ""); // one that it makes
    EXPECT_EQ(opened_interface("0000:03:00.0"), "");
}

TEST(Alias, ThereAndBack) {
    for (const char *text : {"192.0.2.1/24", "10.0.0.0/1", "255.255.255.254/32", "2001:db8::1/64",
                             "fe80::1/128", "1.2.3.4/9", "::2/127"}) {
        const auto alias = parse_alias(text);
        ASSERT_TRUE(alias) << alias.error().message;
        EXPECT_EQ(to_string(*alias), text);
    }
    EXPECT_EQ(to_string(*parse_alias("2001:0DB8:0:0::0001/64")), "2001:db8::1/64");
}

TEST(Alias, WhatIsNone) {
    for (const char *text : {"",
                             "/",
                             "/24",
                             "192.0.2.1",
                             "192.0.2.1/",
                             "192.0.2.1/0",
                             "192.0.2.1/33",
                             "192.0.2.1/024",
                             "192.0.2.1/-1",
                             "192.0.2.1/+1",
                             "192.0.2.1/ 24",
                             "192.0.2.1/24 ",
                             " 192.0.2.1/24",
                             "192.0.2.1/2x",
                             "192.0.2/24",
                             "192.0.2.1.1/24",
                             "0.0.0.0/24",
                             "0.1.2.3/8",
                             "127.0.0.1/8",
                             "224.0.0.1/24",
                             "239.255.255.255/24",
                             "255.255.255.255/32",
                             "::/64",
                             "::1/128",
                             "ff02::1/64",
                             "2001:db8::1/0",
                             "2001:db8::1/129",
                             "2001:db8::1",
                             "fe80::1%eth0/64",
                             "2001:db8:::1/64"}) {
        EXPECT_FALSE(parse_alias(text)) << text;
    }
    using namespace std::literals;
    EXPECT_FALSE(parse_alias("192.0.2.1\0/24"sv));
}

TEST(Cores, RangesAndLists) {
    using Cores = std::vector<unsigned>;
    EXPECT_EQ(*parse_cores("2"), (Cores{2}));
    EXPECT_EQ(*parse_cores("2-5"), (Cores{2, 3, 4, 5}));
    EXPECT_EQ(*parse_cores("6, 2,4"), (Cores{6, 2, 4}));
    EXPECT_EQ(*parse_cores("0-1,127"), (Cores{0, 1, 127}));
    EXPECT_EQ(*parse_cores("3-3"), (Cores{3}));
    for (const char *text : {"", ",", "2,", "-2", "2-", "2--5", "2-4-6", "5-2", "128", "0-128",
                             "2,2", "1-3,2", "0x2", "4294967296", "0-4294967295", "two"}) {
        EXPECT_FALSE(parse_cores(text)) << text;
    }
}

TEST(Mac, Unicast) {
    EXPECT_EQ(*parse_unicast_mac("02:00:5E:10:00:01", "x"), (MacAddress{2, 0, 0x5e, 0x10, 0, 1}));
    for (const char *text : {"", "02:00:5e:10:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff",
                             "00:00:00:00:00:00", "02005e100001"}) {
        EXPECT_FALSE(parse_unicast_mac(text, "x")) << text;
    }
}

TEST(Names, Ports) {
    for (const char *name : {"p", "P0", "up.link-0_a"})
        EXPECT_TRUE(is_port_name(name)) << name;
    EXPECT_TRUE(is_port_name("p" + std::string(30, '0')));
    EXPECT_FALSE(is_port_name("p" + std::string(31, '0')));
    for (const char *name : {"", "0p", "-p", "p 0", "p/0", "p\xc3\xa9"}) {
        EXPECT_FALSE(is_port_name(name)) << name;
    }
}

TEST(Names, Laggs) {
    for (const char *name : {"lagg0", "lagg10", "lagg4095"})
        EXPECT_TRUE(is_lagg_name(name));
    for (const char *name : {"", "lagg", "lagg4096", "lagg00", "lagg-1", "lagg+1", "Lagg0",
                             "lagg0 ", "bond0", "lag0", "lagg99999999999"}) {
        EXPECT_FALSE(is_lagg_name(name)) << name;
    }
}

TEST(Names, Words) {
    EXPECT_STREQ(to_text(Protocol::LACP), "lacp");
    EXPECT_STREQ(to_text(Protocol::FAILOVER), "failover");
    EXPECT_STREQ(to_text(Protocol::LOADBALANCE), "loadbalance");
    EXPECT_STREQ(to_text(Protocol::ROUNDROBIN), "roundrobin");
    EXPECT_STREQ(to_text(Protocol::BROADCAST), "broadcast");
    EXPECT_STREQ(to_text(Protocol::NONE), "none");
    EXPECT_STREQ(to_text(UpperKind::KERNEL), "kernel");
    EXPECT_STREQ(to_text(UpperKind::PORT), "port");
    EXPECT_STREQ(to_text(UpperKind::NONE), "none");
}

} // namespace
} // namespace lagg::config
