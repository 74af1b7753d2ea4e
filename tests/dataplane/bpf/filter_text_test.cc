// Which filters are refused before libpcap sees them.
#include "dataplane/bpf/filter_text.hh"

#include "dataplane/bpf/filter.hh"

#include <gtest/gtest.h>

#include <chrono>

namespace lagg::bpf {
namespace {

std::string joined(const std::string &join, size_t tests) {
    std::string text = "port 1";
    for (size_t i = 1; i < tests; ++i)
        text += join + "port " + std::to_string(i + 1);
    return text;
}

TEST(FilterText, WhatIsInTheLanguageIsTaken) {
    for (const std::string text : {"tcp port 80",
                                   "host 10.0.0.1",
                                   "ip host 10.0.0.1 and not net 10/8",
                                   "ip6 net fe80::/10",
                                   "net 192.168.0.0 mask 255.255.0.0",
                                   "ether host 02:00:00:00:00:01",
                                   "ether host 02-00-00-00-00-0a",
                                   "ether src 0200.0000.000a",
                                   "ether proto 0x88b5",
                                   "ether proto \\ip",
                                   "ip proto \\tcp",
                                   "ip proto \\icmp or \\igmp",
                                   "port ssh or http",
                                   "portrange 20-80",
                                   "udp portrange ftp-data-ssh",
                                   "vlan 7 && (ip || ip6)",
                                   "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
                                   "icmp[icmptype] = icmp-echo",
                                   "icmp6[icmp6type] == icmp6-neighborsolicit",
                                   "ip[0]&0xf!=5",
                                   "len>100",
                                   "greater 100",
                                   "ether broadcast or ether multicast",
                                   "mpls 1024",
                                   "pppoes 0x27",
                                   "geneve 7",
                                   "isis",
                                   "src 10.0.0.1 or dst 2001:db8::1",
                                   "host fe80::1 or ::1",
                                   "1.2.3.4"})
        EXPECT_EQ(objection_to(text), std::nullopt) << text;
}

// By the first sentence of the check they would be asked of a name server.
TEST(FilterText, NamesOfHostsAreNotLookedUp) {
    for (const auto &[text, name] : std::initializer_list<std::pair<std::string, std::string>>{
             {"host example.com", "example.com"},
             {"tcp and host www", "www"},
             {"src 3com.example", "3com.example"},
             {"net localnet", "localnet"},
             {"gateway router", "router"},
             {"ether host printer", "printer"},
             {"port 80 and tcp and www", "www"},
             {"dst tcp-proxy", "tcp-proxy"},
             {"host \\tcp", "tcp"},
             {"host 1a", "1a"},
             {"(www)", "www"},
             {"host 10.0.0.1||www.example", "www.example"}}) {
        const auto objection = objection_to(text);
        ASSERT_TRUE(objection) << text;
        EXPECT_EQ(*objection, "'" + name +
                                  "' is no word of the language, and names of hosts are "
                                  "not looked up: write the address");
    }
}

TEST(FilterText, TestsAndOctetsAreCounted) {
    for (const std::string join : {" or ", " and ", " || ", "||", "&&"}) {
        EXPECT_EQ(objection_to(joined(join, kMostFilterTests)), std::nullopt) << join;
        EXPECT_EQ(objection_to(joined(join, kMostFilterTests + 1)).value_or(""),
                  "joins 65 tests by 'and' and 'or', and 64 are possible; 'net' with a mask takes "
                  "the place of many hosts, and more rules of many tests")
            << join;
    }
    const std::string spaces(kMostFilterBytes, ' ');
    EXPECT_EQ(objection_to("tcp" + spaces).value_or(""), "has 4099 octets, and 4096 are possible");
}

TEST(FilterText, AreRefusedAtOnceAndQuotedInPart) {
    std::string hosts = "host 10.0.0.1";
    for (int i = 0; i < 800; ++i)
        hosts += " or host 10.1.1." + std::to_string(i % 250);
    const auto start = std::chrono::steady_clock::now();
    const auto refused = Filter::check(hosts);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
    ASSERT_FALSE(refused);
    EXPECT_LT(refused.error().message.size(), 400u);
}

} // namespace
} // namespace lagg::bpf
