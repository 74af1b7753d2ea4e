// Filters in tcpdump's language, and the rules that send what they match to one member.
#include "dataplane/bpf/filter_text.hh"
#include "dataplane/bpf/rules.hh"

#include "tests/dataplane/frame/cases.hh"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <chrono>

namespace lagg::bpf {
namespace {

using frame::Frame;
using frame::ip4;

struct Filters : testing::Test {
    ~Filters() override {
        for (rte_mbuf *packet : packets)
            rte_pktmbuf_free(packet);
        rte_mempool_free(pool);
    }
    /// In segments of `segment` octets.
    rte_mbuf *packet(const Frame &one, size_t segment = 2048) {
        rte_mbuf *head = nullptr;
        for (size_t at = 0; at < one.size(); at += segment) {
            rte_mbuf *part = rte_pktmbuf_alloc(pool);
            const auto size = static_cast<uint16_t>(std::min(segment, one.size() - at));
            std::copy_n(one.data() + at, size,
                        reinterpret_cast<uint8_t *>(rte_pktmbuf_append(part, size)));
            if (head == nullptr)
                head = part;
            else
                EXPECT_EQ(rte_pktmbuf_chain(head, part), 0);
        }
        packets.push_back(head);
        return head;
    }
    std::shared_ptr<const Filter> filter(const std::string &expression) {
        auto made = Filter::compile(expression);
        EXPECT_TRUE(made) << made.error().message;
        return made ? *made : nullptr;
    }

    rte_mempool *pool = rte_pktmbuf_pool_create("filters", 255, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
    std::vector<rte_mbuf *> packets;
    const Frame web = ip4().ipv4({}).ports(1000, 80);
    const Frame dns = ip4().ipv4({.protocol = 17}).ports(1000, 53);
    const Frame tagged = frame::eth().tag(0x8100, 42).type(0x0800).ipv4({}).ports(1000, 80);
};

TEST_F(Filters, TheFirstRuleThatMatchesIsFound) {
    const std::vector<Rule> rules{{filter("udp"), 3}, {filter("port 80"), 1}, {filter("tcp"), 2}};
    EXPECT_EQ(matching(rules, web), &rules[1]);
    EXPECT_EQ(matching(rules, dns), &rules[0]);
    EXPECT_EQ(matching(std::span(rules).first(1), web), nullptr);
}

TEST_F(Filters, Match) {
    EXPECT_TRUE(filter("tcp port 80")->matches(packet(web)));
    EXPECT_FALSE(filter("tcp port 80")->matches(packet(dns)));
    EXPECT_TRUE(filter("udp and net 10.0.0.0/8")->matches(packet(dns)));
    EXPECT_TRUE(filter("vlan 42 and tcp")->matches(packet(tagged)));
    EXPECT_FALSE(filter("vlan 43")->matches(packet(tagged)));
    EXPECT_EQ(filter("tcp port 80")->expression(), "tcp port 80");
}

TEST_F(Filters, FramesInPiecesAndTooShortOnes) {
    const auto port = filter("tcp dst port 80");
    EXPECT_TRUE(port->matches(packet(web, 7)));
    EXPECT_FALSE(port->matches(packet(dns, 7)));
    EXPECT_FALSE(port->matches(packet(Frame(web.begin(), web.begin() + 36))));
    EXPECT_FALSE(port->matches(packet(Frame{1})));
}

TEST_F(Filters, Mistakes) {
    EXPECT_EQ(Filter::compile("tcp prt 80").error().message,
              "filter 'tcp prt 80': 'prt' is no word of the language, and names of hosts are not "
              "looked up: write the address; see pcap-filter(7) for what can be written");
    EXPECT_EQ(Filter::compile("tcp port port 80").error().message,
              "filter 'tcp port port 80': can't parse filter expression: syntax error; see "
              "pcap-filter(7) for what can be written");
    EXPECT_EQ(Filter::compile(" ").error().message,
              "filter ' ': is empty; see pcap-filter(7) for what can be written");
}

// Without limits the verifier would go through every combination.
TEST_F(Filters, LongOnesTakeNoTime) {
    std::string expression = "host 2001:db8::1";
    for (int i = 2; i < 40; i++)
        expression += " or host 2001:db8::" + std::to_string(i);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_NE(filter(expression), nullptr);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(Filters, AreCompiledOnceForAsLongAsSomebodyHasThem) {
    auto first = filter("udp port 4789");
    EXPECT_EQ(filter("udp port 4789"), first);
    EXPECT_NE(filter("udp port 4790"), first);
    const std::weak_ptr<const Filter> watched = first;
    first.reset();
    EXPECT_TRUE(watched.expired()) << "nobody has it";
}

TEST_F(Filters, AsManyTestsAsArePossibleTakeNoTime) {
    std::string expression = "portrange 1-9";
    for (size_t i = 1; i < kMostFilterTests; i++)
        expression += " or portrange " + std::to_string(i) + "-9";
    const auto start = std::chrono::steady_clock::now();
    EXPECT_NE(filter(expression), nullptr);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(Filters, TheFirstRuleDecides) {
    const std::vector<Rule> rules{
        {filter("tcp port 80"), 3}, {filter("tcp"), 4}, {filter("tcp port 80"), 5}};
    const std::vector<rte_mbuf *> burst{packet(web), packet(dns)};
    std::array<uint8_t, 2> members{9, 9};
    members_by_rules(rules, 0xffffffff, burst, members.data());
    EXPECT_EQ(members, (std::array<uint8_t, 2>{3, 9}));
}

TEST_F(Filters, AMemberThatIsGoneIsPassedOver) {
    const std::vector<Rule> rules{{filter("tcp port 80"), 3}, {filter("tcp port 80"), 5}};
    const std::vector<rte_mbuf *> burst{packet(web)};
    uint8_t member = 9;
    members_by_rules(rules, 1u << 5 | 1u << 9, burst, &member);
    EXPECT_EQ(member, 5);
    member = 9;
    members_by_rules(rules, 1u << 9, burst, &member);
    EXPECT_EQ(member, 9);
}

} // namespace
} // namespace lagg::bpf
