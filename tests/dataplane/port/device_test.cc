// Device strings taken apart, and what the file system says of them; no EAL takes part.
#include "dataplane/port/device.hh"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lagg::port {

namespace {

struct Case {
    const char *text;
    bool pci;
    const char *name; ///< for port p0
    const char *arguments;
    const char *driver;
    const char *interface;
};

const Case kCases[] = {
    {"0000:03:00.0", true, "0000:03:00.0", "", "", ""},
    {"0000:03:00.1,representor=0", true, "0000:03:00.1", "representor=0", "", ""},
    {"net_af_packet,iface=eth1", false, "net_af_packet_p0", "iface=eth1", "net_af_packet", "eth1"},
    {"net_af_packet0,iface=eth1", false, "net_af_packet0", "iface=eth1", "net_af_packet", "eth1"},
    {"net_af_packet_left,iface=eth1", false, "net_af_packet_left", "iface=eth1", "net_af_packet",
     "eth1"},
    {"net_af_packet17,qpairs=2,iface=eth1,framesz=4096", false, "net_af_packet17",
     "qpairs=2,iface=eth1,framesz=4096", "net_af_packet", "eth1"},
    {"net_af_xdp,iface=enp1s0", false, "net_af_xdp_p0", "iface=enp1s0", "net_af_xdp", "enp1s0"},
    {"net_tap3,iface=tap9", false, "net_tap3", "iface=tap9", "net_tap", "tap9"},
    {"net_null", false, "net_null_p0", "", "net_null", ""},
    {"net_ring_a0", false, "net_ring_a0", "", "net_ring", ""},
    {"net_pcap0,rx_pcap=/a/b:c.pcap", false, "net_pcap0", "rx_pcap=/a/b:c.pcap", "net_pcap", ""},
    {"net_af_packet,xiface=no,iface=yes", false, "net_af_packet_p0", "xiface=no,iface=yes",
     "net_af_packet", "yes"},
    {"net_af_packet,iface=", false, "net_af_packet_p0", "iface=", "net_af_packet", ""},
    {"net_af_packet,", false, "net_af_packet_p0", "", "net_af_packet", ""},
};

std::string complaint(const std::string &text) {
    const Result<void> checked = check_device(parse_device(text, "p0"));
    return checked ? "" : checked.error().message;
}

} // namespace

TEST(Device, StringsAreTakenApart) {
    for (const Case &expected : kCases) {
        const Device device = parse_device(expected.text, "p0");
        EXPECT_EQ(device.pci, expected.pci) << expected.text;
        EXPECT_EQ(device.name, expected.name) << expected.text;
        EXPECT_EQ(device.arguments, expected.arguments) << expected.text;
        EXPECT_EQ(device.driver, expected.driver) << expected.text;
        EXPECT_EQ(device.interface, expected.interface) << expected.text;
    }
}

TEST(Device, TwoPortsOfTheSameDriverHaveTwoNames) {
    EXPECT_NE(parse_device("net_af_packet,iface=eth1", "p0").name,
              parse_device("net_af_packet,iface=eth2", "p1").name);
    EXPECT_EQ(parse_device("net_null", "").name, "net_null");
}

TEST(Device, ArgumentsAreFoundByTheirWholeName) {
    EXPECT_EQ(argument("a=1,bb=2,b=3", "b"), "3");
    EXPECT_EQ(argument("a=1,b=2", "a"), "1");
    EXPECT_EQ(argument("a=1,b=2=3", "b"), "2=3");
    EXPECT_EQ(argument("a=1", "c"), "");
    EXPECT_EQ(argument("a,b", "a"), "");
    EXPECT_EQ(argument("", "a"), "");
    EXPECT_EQ(argument(",,a=1,", "a"), "1");
}

TEST(Device, AnInterfaceHasToExist) {
    EXPECT_EQ(complaint("net_af_packet,iface=lo"), "");
    EXPECT_EQ(complaint("net_af_packet,iface=nosuch0"),
              "there is no kernel interface 'nosuch0'; `ip link` lists them");
    EXPECT_EQ(complaint("net_af_xdp0"),
              "net_af_xdp needs the kernel interface to open: net_af_xdp,iface=NAME");
    // Of a TAP, iface is the name it will have.
    EXPECT_EQ(complaint("net_tap0,iface=nosuch0"), "");
    EXPECT_EQ(complaint("net_null"), "");
}

TEST(Device, AFileToReadHasToExist) {
    const std::string file = testing::TempDir() + "lagg_device_test.pcap";
    std::filesystem::remove(file);
    EXPECT_EQ(complaint("net_pcap0,rx_pcap=" + file),
              "there is no file '" + file + "' to read packets from");
    std::ofstream(file).put('x');
    EXPECT_EQ(complaint("net_pcap0,rx_pcap=" + file), "");
    std::filesystem::remove(file);
}

} // namespace lagg::port
