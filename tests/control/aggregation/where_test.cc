// A flow in words becomes the key of its frames, and the answer is what a worker would do with
// them.
#include "control/aggregation/where.hh"

#include "control/aggregation/asked_flow.hh"
#include "dataplane/distribute/policy_text.hh"
#include "tests/control/aggregation/pair.hh"
#include "tests/dataplane/frame/frame_builder.hh"

namespace lagg::aggregation {
namespace {

using namespace std::chrono_literals;
using api::FlowQuestion;
using frame::FrameBuilder;

void expect_key_of(const FlowQuestion &question, const std::vector<uint8_t> &frame) {
    const auto key = asked_flow(question);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(*key, frame::parse(frame));
}

FlowQuestion ipv4() {
    return {.src = "10.1.2.3",
            .dst = "10.4.5.6",
            .smac = "02:00:00:00:00:02",
            .dmac = "02:00:00:00:00:01"};
}

FlowQuestion ipv6_question() {
    FlowQuestion question = ipv4();
    question.src = "2001:db8::1";
    question.dst = "2001:DB8:0::2";
    return question;
}

std::string mistake(const FlowQuestion &question) {
    const auto key = asked_flow(question);
    return key ? "none" : key.error().message;
}

TEST(AskedFlow, IsTheKeyOfItsFrames) {
    FlowQuestion tcp = ipv4();
    tcp.sport = "1000";
    tcp.dport = "0x50";
    expect_key_of(tcp, FrameBuilder().ethernet().type(0x0800).ipv4({}).ports(1000, 80));
    FlowQuestion udp = tcp;
    udp.proto = "UDP";
    udp.vlan = "7";
    udp.inner_vlan = "4094";
    expect_key_of(udp, FrameBuilder()
                           .ethernet()
                           .tag(0x88a8, 7)
                           .tag(0x8100, 4094)
                           .type(0x0800)
                           .ipv4({.protocol = 17})
                           .ports(1000, 80));
    FlowQuestion gre = ipv4();
    gre.proto = "47";
    expect_key_of(gre, FrameBuilder().ethernet().type(0x0800).ipv4({.protocol = 47}).fill(20, 9));
    FlowQuestion other;
    other.smac = "02:00:00:00:00:02";
    other.dmac = "02-00-00-00-00-01";
    other.ethertype = "0x88cc";
    expect_key_of(other, FrameBuilder().ethernet().type(0x88cc).fill(40, 9));
    other.ethertype = "100";
    expect_key_of(other, FrameBuilder().ethernet().type(100).fill(40, 9));
}

TEST(AskedFlow, OfIpv6) {
    FlowQuestion sctp = ipv6_question();
    sctp.proto = "sctp";
    sctp.sport = "1";
    sctp.dport = "2";
    sctp.flow_label = "0x12345";
    const auto key = asked_flow(sctp);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->flow_label, 0x12345u);
    const std::vector<uint8_t> frame = FrameBuilder().ethernet().type(0x86dd).ipv6(132).ports(1, 2);
    frame::FlowKey expected = frame::parse(frame);
    expected.flow_label = key->flow_label;
    EXPECT_EQ(*key, expected);
}

TEST(AskedFlow, AnSpiIsThatOfEsp) {
    FlowQuestion esp = ipv4();
    esp.spi = "4294967295";
    EXPECT_EQ(asked_flow(esp)->protocol, 50);
    EXPECT_EQ(asked_flow(esp)->spi, 4294967295u);
}

// A worker reads what AH protects, and the SPI of AH in front of it.
TEST(AskedFlow, AnSpiBesideAnotherProtocolIsThatOfAh) {
    constexpr uint32_t kSpi = 0x06060606; // as the builder writes it
    FlowQuestion ospf = ipv4();
    ospf.proto = "89";
    ospf.spi = std::to_string(kSpi);
    expect_key_of(ospf, FrameBuilder()
                            .ethernet()
                            .type(0x0800)
                            .ipv4({.protocol = 51})
                            .authentication(89)
                            .fill(20, 9));
    FlowQuestion tcp = ipv6_question();
    tcp.spi = std::to_string(kSpi);
    tcp.sport = "1000";
    tcp.dport = "80";
    const std::vector<uint8_t> frame =
        FrameBuilder().ethernet().type(0x86dd).ipv6(51).authentication(6).ports(1000, 80);
    const auto key = asked_flow(tcp);
    ASSERT_TRUE(key) << key.error().message;
    frame::FlowKey expected = frame::parse(frame);
    expected.flow_label = 0;
    EXPECT_EQ(*key, expected);
}

TEST(AskedFlow, AHeaderThatIsWalkedOverIsNoProtocol) {
    FlowQuestion question = ipv6_question();
    for (const char *header : {"0", "43", "44", "51", "60", "135", "ah"}) {
        question.proto = header;
        EXPECT_NE(mistake(question).find("is walked over; name in 'proto' what stands behind it"),
                  std::string::npos)
            << header;
    }
    FlowQuestion four = ipv4();
    four.proto = "60";
    EXPECT_EQ(mistake(four), "none") << "a protocol like any other there";
    four.proto = "ah";
    EXPECT_EQ(mistake(four),
              "protocol 51 is that of a header which is walked over; name in 'proto' "
              "what stands behind it, and AH's SPI in 'spi', or say 'fragment'");
}

// Later fragments hold nothing of what they are fragments of, so that its first header counts.
TEST(AskedFlow, OfAFragment) {
    FlowQuestion ah = ipv4();
    ah.proto = "ah";
    ah.fragment = "yes";
    expect_key_of(ah, FrameBuilder()
                          .ethernet()
                          .type(0x0800)
                          .ipv4({.protocol = 51, .fragment = 0x2000})
                          .authentication(6)
                          .ports(1000, 80));
    FlowQuestion udp = ipv4();
    udp.proto = "udp";
    const frame::FlowKey without = *asked_flow(udp);
    udp.fragment = "Yes";
    EXPECT_EQ(*asked_flow(udp), without);
    udp.fragment = "maybe";
    EXPECT_EQ(mistake(udp), "'fragment' is \"maybe\"; it must be yes or no");
    udp.fragment = "yes";
    udp.sport = "1";
    EXPECT_NE(mistake(udp).find("leave 'sport', 'dport' and 'spi' out"), std::string::npos);
}

TEST(AskedFlow, OfWhatIsInsideOfATunnel) {
    FlowQuestion inside = ipv6_question();
    for (const uint16_t type : {0x0800, 0x86dd, 0x8847, 0x8864}) {
        inside.ethertype = std::to_string(type);
        const auto key = asked_flow(inside);
        ASSERT_TRUE(key) << key.error().message;
        EXPECT_EQ(key->ethertype, type);
        EXPECT_EQ(key->ip_version, 6);
    }
}

TEST(AskedFlow, MistakesAreNamed) {
    const auto with = [](auto change, FlowQuestion question = ipv4()) {
        change(question);
        return mistake(question);
    };
    EXPECT_EQ(with([](FlowQuestion &q) { q.sport = "70000"; }),
              "'sport' is \"70000\"; it must be a number from 0 to 65535");
    for (const char *text : {"", "-1", "1x", "0x", " 1", "99999999999"})
        EXPECT_NE(with([&](FlowQuestion &q) { q.dport = text; }), "none") << text;
    EXPECT_EQ(with([](FlowQuestion &q) { q.src = "10.1.2"; }),
              "'src' is \"10.1.2\"; it must be an IP address such as 192.0.2.1 or 2001:db8::1");
    EXPECT_EQ(with([](FlowQuestion &q) { q.dst = "::1"; }),
              "'src' and 'dst' are addresses of different versions of IP");
    EXPECT_EQ(with([](FlowQuestion &q) { q.dst.reset(); }),
              "'src' is there without 'dst'; give both, or none for what is not IP");
    EXPECT_EQ(with([](FlowQuestion &q) { q.proto = "tpc"; }),
              "'proto' is \"tpc\"; it must be tcp, udp, sctp, icmp, icmpv6, esp, ah, gre or 0 to "
              "255");
    EXPECT_NE(with([](FlowQuestion &q) { q.proto = "256"; }), "none");
    EXPECT_EQ(with([](FlowQuestion &q) { q.proto = "47", q.sport = "1"; }),
              "protocol 47 has no ports; leave 'sport' and 'dport' out");
    EXPECT_EQ(with([](FlowQuestion &q) { q.flow_label = "1"; }),
              "'flow_label' goes with addresses of IPv6 only");
    EXPECT_NE(with([](FlowQuestion &q) { q.flow_label = "0x100000"; }, ipv6_question()), "none");
    EXPECT_EQ(with([](FlowQuestion &q) { q.smac = "02:00"; }),
              "'smac' is \"02:00\"; it must be a MAC address such as 02:00:5e:10:00:01");
    EXPECT_NE(with([](FlowQuestion &q) { q.vlan = "4096"; }), "none");
    EXPECT_EQ(with([](FlowQuestion &q) { q.inner_vlan = "1"; }),
              "'inner_vlan' needs 'vlan': it is the tag behind that one");
    EXPECT_EQ(with([](FlowQuestion &q) { q.ethertype = "0x0806"; }),
              "'ethertype' is that of another protocol than the addresses; leave it out");
    EXPECT_EQ(mistake({}), "say which flow: 'src' and 'dst', or 'ethertype' for what is not IP");
    EXPECT_EQ(mistake({.ethertype = "0x800"}), "a flow of IP has 'src' and 'dst'");
    EXPECT_EQ(mistake({.sport = "1", .ethertype = "0x806"}),
              "'proto', 'sport', 'dport', 'flow_label', 'spi' and 'fragment' need 'src' and 'dst'");
}

/// The answer's row of a policy.
const api::PolicyAnswer &row(const api::FlowAnswer &answer, const std::string &policy) {
    const auto found = std::ranges::find(answer.policies, policy, &api::PolicyAnswer::policy);
    EXPECT_NE(found, answer.policies.end()) << policy;
    return *found;
}

TEST(WhereGoes, IsWhereAWorkerSendsIt) {
    config::Lagg config = lagg(Protocol::LOADBALANCE, kThree);
    config.hash.policy = *distribute::parse_policy("layer3+4+symmetric");
    config.ports = {"p2", "p0", "p1"};
    Driven driven(config);
    driven.start();
    driven.set_link("p0", false);
    const worker::LaggForwarding forwarding = driven.aggregate.forwarding();
    std::set<std::string> seen;
    for (uint16_t port = 0; port < 64; ++port) {
        const std::vector<uint8_t> frame =
            FrameBuilder().ethernet().type(0x0800).ipv4({}).ports(port, 80);
        const distribute::Packet packet = distribute::Packet::of(frame);
        const distribute::Packet *pointer = &packet;
        uint16_t bucket = 0;
        forwarding.find_buckets(forwarding.spread, &pointer, 1, &bucket);
        FlowQuestion question = ipv4();
        question.sport = std::to_string(port);
        question.dport = "80";
        const api::FlowAnswer answer = where_goes(driven.aggregate, *asked_flow(question));
        EXPECT_TRUE(answer.policies.front().own);
        EXPECT_EQ(answer.policies.front().port,
                  driven.name_of(forwarding.spread.table.member_of(bucket)))
            << port;
        EXPECT_EQ(answer.policies.front().bucket, answer.policies.front().hash >> 20);
        seen.insert(answer.policies.front().port);
    }
    EXPECT_EQ(seen, (std::set<std::string>{"p1", "p2"})) << "both, and not the one without a link";
}

TEST(WhereGoes, EveryNamedPolicyWithTheLaggsSeed) {
    config::Lagg config = lagg(Protocol::LOADBALANCE, kThree);
    config.hash = {.policy = *distribute::parse_policy("layer3+4"), .seed = 99};
    Driven driven(config);
    driven.start();
    FlowQuestion question = ipv4();
    question.sport = "1";
    const frame::FlowKey key = *asked_flow(question);
    const api::FlowAnswer answer = where_goes(driven.aggregate, key);
    EXPECT_EQ(answer.seed, 99u);
    EXPECT_EQ(answer.policies.size(), distribute::named_policies().size()) << "its own comes once";
    EXPECT_EQ(answer.policies.front().policy, "layer3+4");
    EXPECT_EQ(std::ranges::count(answer.policies, true, &api::PolicyAnswer::own), 1);
    for (const distribute::NamedPolicy &named : distribute::named_policies()) {
        distribute::Policy policy = named.policy;
        policy.seed = 99;
        EXPECT_EQ(row(answer, named.name).hash, distribute::flow_hash(key, policy)) << named.name;
    }
    EXPECT_EQ(row(answer, "layer3+4").fields, "ip proto port") << "TCP has no SPI";
    EXPECT_EQ(row(answer, "layer2+3").fields, "mac ip proto") << "no tag, no VLAN";
    EXPECT_EQ(row(answer, "layer4").fields, "port");
    EXPECT_TRUE(answer.notes.empty());
}

TEST(WhereGoes, WhatIsNotIpIsHashedByMacsAndEthertype) {
    Driven driven(lagg(Protocol::LOADBALANCE, kThree));
    driven.start();
    const api::FlowAnswer answer =
        where_goes(driven.aggregate,
                   *asked_flow({.smac = "02:00:00:00:00:02", .vlan = "5", .ethertype = "0x88cc"}));
    EXPECT_EQ(row(answer, "layer3+4").fields, "mac vlan ethertype");
    EXPECT_EQ(row(answer, "vlan+srcmac").fields, "srcmac vlan");
    EXPECT_EQ(row(answer, "layer3+4").hash, row(answer, "layer3").hash);
}

TEST(WhereGoes, AFlowOnItsWayIsSaidToBe) {
    Pair pair(lagg(Protocol::LACP, {"p0", "p1"}));
    pair.run(5s);
    pair.a.aggregate.set_drain("p0", true, pair.a.now);
    ASSERT_TRUE(pair.a.aggregate.flow_move().is_holding());
    size_t moving = 0;
    for (int port = 0; port < 64; ++port) {
        FlowQuestion question = ipv4();
        question.sport = std::to_string(port);
        const api::FlowAnswer answer = where_goes(pair.a.aggregate, *asked_flow(question));
        for (const api::PolicyAnswer &each : answer.policies) {
            EXPECT_EQ(each.port, "p1") << "where it will go";
            moving += each.moving ? 1 : 0;
        }
    }
    EXPECT_GT(moving, 0u);
    pair.run(5s);
    const api::FlowAnswer answer = where_goes(pair.a.aggregate, *asked_flow(ipv4()));
    EXPECT_EQ(std::ranges::count(answer.policies, true, &api::PolicyAnswer::moving), 0);
}

TEST(WhereGoes, OtherProtocolsSayHowTheyDecide) {
    const auto how = [](Protocol protocol, bool links = true) {
        config::Lagg config = lagg(protocol, kThree);
        config.roundrobin_stride = 8;
        Driven driven(config);
        if (links) driven.start();
        const api::FlowAnswer answer = where_goes(driven.aggregate, *asked_flow(ipv4()));
        const bool hashes = protocol == Protocol::LOADBALANCE || protocol == Protocol::LACP;
        EXPECT_EQ(answer.policies.empty(), !hashes);
        return answer.how;
    };
    EXPECT_EQ(how(Protocol::FAILOVER), "every frame goes to p0, the first of its ports that works");
    EXPECT_EQ(how(Protocol::ROUNDROBIN),
              "packets take turns over p0, p1, p2, 8 in a row, whatever flow they are of");
    EXPECT_EQ(how(Protocol::BROADCAST), "a copy of every frame goes to each of p0, p1, p2");
    EXPECT_EQ(how(Protocol::NONE), "no traffic passes a lagg of protocol none");
    EXPECT_EQ(how(Protocol::LOADBALANCE),
              "the hash chooses one of 4096 buckets, and buckets lead to p0, p1, p2");
    EXPECT_EQ(how(Protocol::LOADBALANCE, false), "no port distributes, and every frame is dropped");
    EXPECT_EQ(how(Protocol::FAILOVER, false), "no port distributes, and every frame is dropped");
}

// What a program or a rule says is asked where there are some: tests/smoke/test_policies.py.
TEST(WhereGoes, SaysWhatElseDecides) {
    config::Lagg config = lagg(Protocol::LOADBALANCE, kThree);
    config.hash.policy = *distribute::parse_policy("nic");
    config.rules = {{"udp", "p0"}};
    Driven driven(config);
    driven.start();
    const auto notes = where_goes(driven.aggregate, *asked_flow(ipv4())).notes;
    ASSERT_EQ(notes.size(), 2u);
    EXPECT_TRUE(notes[0].starts_with("none of the lagg's rules in force matches"));
    EXPECT_NE(notes[1].find("NIC"), std::string::npos);
}

} // namespace
} // namespace lagg::aggregation
