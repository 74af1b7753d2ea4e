// Policies by name: every spelling is read, every policy has a name that is read back, and a slip
// is answered with what was meant.
#include "dataplane/distribute/policy_text.hh"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace lagg::distribute {
namespace {

std::string canonical(const char *text) {
    const auto policy = parse_policy(text);
    return policy ? policy_text(*policy) : policy.error().message;
}

TEST(PolicyText, EverySpelling) {
    const std::vector<std::pair<const char *, const char *>> spellings = {
        {"layer2", "layer2"},
        {"L2", "layer2"},
        {"LAYER2+3", "layer2+3"},
        {"l2,l3", "layer2+3"},
        {"l2, l3", "layer2+3"},
        {"layer2+layer3", "layer2+3"},
        {"l3+l4", "layer3+4"},
        {"l4,l3", "layer3+4"},
        {"l2,l3,l4", "layer2+3+4"},
        {"layer2+4", "layer2+4"},
        {"encap2+3", "encap2+3"},
        {"encap3+4", "encap3+4"},
        {"layer3+4+inner", "encap3+4"},
        {"encap3+layer4", "encap3+4"},
        {"vlan+srcmac", "vlan+srcmac"},
        {"srcmac,vlan", "vlan+srcmac"},
        {"nic", "nic"},
        {"RSS", "nic"},
        {"rss+layer3+4", "nic"},
        {"layer2,nic", "nic+layer2"},
        {"nic+inner", "nic+inner"},
        {"srcip+dstip", "ip"},
        {"dstport,srcip", "srcip+dstport"},
        {"ip+proto", "layer3"},
        {"ip+proto+port+spi+flowlabel", "layer3+4+flowlabel"},
        {"mac+ethertype+symmetric", "mac+ethertype+symmetric"},
        {"symmetric,inner,ip", "ip+inner+symmetric"},
        {"innervlan+dstmac+srcport", "dstmac+innervlan+srcport"},
    };
    for (const auto &[text, name] : spellings)
        EXPECT_EQ(canonical(text), name) << text;
}

TEST(PolicyText, WordsMeanTheirFields) {
    EXPECT_EQ(parse_policy("layer2")->fields, kLayer2);
    EXPECT_EQ(parse_policy("l3")->fields, kLayer3);
    EXPECT_EQ(parse_policy("layer2+3+4")->fields, kLayer2 | kLayer3 | kLayer4);
    EXPECT_EQ(parse_policy("flowlabel")->fields, kFlowLabel);
    EXPECT_EQ(parse_policy("spi,ethertype,innervlan")->fields, kSpi | kEthertype | kInnerVlan);
    EXPECT_EQ(parse_policy("port+dstip")->fields, kSourcePort | kDestinationPort | kDestinationIp);
    EXPECT_EQ(*parse_policy("encap3+4"), (Policy{.fields = kLayer34, .inner = true}));
    EXPECT_EQ(*parse_policy("nic"), (Policy{.fields = kLayer34, .nic = true}));
    EXPECT_EQ(*parse_policy("nic,l2"), (Policy{.fields = kLayer2, .nic = true}));
    EXPECT_EQ(*parse_policy("mac+symmetric"),
              (Policy{.fields = kSourceMac | kDestinationMac, .symmetric = true}));
}

TEST(PolicyText, EveryPolicyIsReadBack) {
    std::set<std::string> names;
    for (Fields fields = 1; fields <= kAllFields; ++fields)
        for (unsigned flags = 0; flags < 8; ++flags) {
            const Policy policy{.fields = fields,
                                .inner = (flags & 1) != 0,
                                .symmetric = (flags & 2) != 0,
                                .nic = (flags & 4) != 0};
            const std::string name = policy_text(policy);
            const auto read = parse_policy(name);
            ASSERT_TRUE(read) << read.error().message;
            ASSERT_EQ(*read, policy) << name;
            ASSERT_TRUE(names.insert(name).second) << name;
        }
}

TEST(PolicyText, NamesAreCanonical) {
    for (const NamedPolicy &named : named_policies())
        EXPECT_EQ(policy_text(named.policy), named.name);
    EXPECT_EQ(named_policies().size(), 10u);
}

TEST(PolicyText, WhatIsNone) {
    for (const char *text : {"",
                             "2",
                             "2+3",
                             "layer",
                             "l",
                             "l1",
                             "l5",
                             "l23",
                             "l2+",
                             "+l2",
                             "l2,,l3",
                             "l2+l2",
                             "layer2+2",
                             "l2 l3",
                             "xor",
                             "encap",
                             "ip+4",
                             "nic+rss",
                             "encap2+layer2",
                             "l2,srcip,3",
                             "symmetric",
                             "inner",
                             "inner+symmetric",
                             "ip+ip",
                             "layerx"})
        EXPECT_FALSE(parse_policy(text)) << text;
}

TEST(PolicyText, MistakesAreAnsweredWithTheWord) {
    EXPECT_EQ(canonical("layer3+5"),
              "unknown hash policy \"layer3+5\"; did you mean \"layer3+4\"?");
    EXPECT_EQ(canonical("srcip+dstpi+proto+symmetric"),
              "unknown word \"dstpi\" in hash policy \"srcip+dstpi+proto+symmetric\"; did you mean "
              "\"dstip\"?");
    EXPECT_EQ(canonical("l2,l2"), "hash policy \"l2,l2\" names layer2 twice; name each word once");
    EXPECT_EQ(canonical("symmetric"), "hash policy \"symmetric\" names no field; add some, such as "
                                      "\"layer3+4+symmetric\"");
    EXPECT_EQ(
        canonical("encap"),
        "unknown hash policy \"encap\"; known are layer2, layer3, layer4, layer2+3, layer2+4, "
        "layer3+4, layer2+3+4, encap2+3, encap3+4, vlan+srcmac, nic, and lists such as "
        "\"l2,l3,l4\" or \"srcip+dstip+proto\"");
}

TEST(PolicyText, FieldsAreListed) {
    EXPECT_EQ(fields_text(kLayer34), "ip proto port spi");
    EXPECT_EQ(fields_text(kLayer2 | kEthertype), "mac vlan innervlan ethertype");
    EXPECT_EQ(fields_text(kSourceIp | kDestinationPort), "srcip dstport");
    EXPECT_EQ(fields_text(0), "");
}

} // namespace
} // namespace lagg::distribute
