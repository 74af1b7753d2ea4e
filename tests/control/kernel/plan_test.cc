// plan() against a model of the kernel that refuses what the kernel refuses: whatever the starting
// point, the changes must pass in their order and lead to what is wanted.
#include "control/kernel/interface.hh"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace lagg::kernel {
namespace {

using config::Alias;
using Aliases = std::vector<Alias>;

Alias v4(uint8_t last, uint8_t prefix_length = 24) {
    return {false, {192, 0, 2, last}, prefix_length};
}

Alias v6(uint8_t last, uint8_t prefix_length = 64) {
    Alias alias{true, {0x20, 0x01, 0x0d, 0xb8}, prefix_length};
    alias.address[15] = last;
    return alias;
}

constexpr MacAddress kMac{0x02, 0, 0x5e, 0x10, 0, 1};
constexpr MacAddress kOtherMac{0x02, 0, 0x5e, 0x10, 0, 2};

Have present(Aliases aliases = {}) {
    return {7, true, true, 1500, kMac, "", std::move(aliases)};
}
Want wanted(Aliases aliases = {}) {
    return {1500, kMac, "", std::move(aliases)};
}

bool contains(const Aliases &aliases, const Alias &alias) {
    return std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
}

/// The kernel as far as the order of changes matters to it. A refusal fails the test.
struct Model {
    Have state;

    void operator()(const SetMtu &change) {
        state.mtu = change.mtu;
        if (change.mtu < 1280) std::erase_if(state.aliases, [](const Alias &a) { return a.v6; });
    }
    void operator()(const SetMac &change) {
        EXPECT_FALSE(came_up) << "the link-local address is made from the MAC when it comes up";
        state.mac = change.mac;
    }
    void operator()(const SetDescription &change) { state.description = change.description; }
    void operator()(const AddAlias &change) {
        EXPECT_FALSE(came_up);
        EXPECT_TRUE(!change.alias.v6 || state.mtu >= 1280) << "no IPv6 below 1280 octets";
        for (const Alias &alias : state.aliases) {
            EXPECT_NE(alias, change.alias) << "is there already";
            EXPECT_FALSE(alias.v6 && change.alias.v6 && alias.address == change.alias.address)
                << "IPv6 has an address once";
        }
        state.aliases.push_back(change.alias);
    }
    void operator()(const RemoveAlias &change) {
        EXPECT_EQ(std::erase(state.aliases, change.alias), 1U) << "is not there";
    }
    void operator()(const SetUp &) {
        state.up = true;
        came_up = true;
    }
    bool came_up = false;
};

Have after(const Have &have, const std::vector<Change> &changes) {
    Model model{have};
    for (const Change &change : changes)
        std::visit(model, change);
    return model.state;
}

std::vector<std::string> texts(const std::vector<Change> &changes) {
    std::vector<std::string> result;
    for (const Change &change : changes)
        result.push_back(to_string(change));
    return result;
}

using Texts = std::vector<std::string>;

TEST(Plan, NothingToDoIsNoChange) {
    EXPECT_TRUE(plan(present({v4(1), v6(1)}), wanted({v6(1), v4(1)}), {}).empty());
}

TEST(Plan, EverythingInOrder) {
    Have have{7, false, false, 1000, kOtherMac, "old", {v4(9)}};
    const Want want{9000, kMac, "uplink", {v6(1), v4(1)}};
    EXPECT_EQ(texts(plan(have, want, {v4(9)})),
              (Texts{"MTU 9000", "description \"uplink\"", "MAC 02:00:5e:10:00:01",
                     "removal of address 192.0.2.9/24", "address 2001:db8::1/64",
                     "address 192.0.2.1/24", "state up"}));
}

TEST(Plan, AnAddressOfAnOperatorStays) {
    EXPECT_TRUE(plan(present({v4(7)}), wanted(), {}).empty());
    EXPECT_TRUE(plan(present({v4(7)}), wanted(), {v4(8)}).empty());
}

TEST(Plan, AnAddressOfOursGoes) {
    EXPECT_EQ(texts(plan(present({v4(7), v4(8)}), wanted({v4(8)}), {v4(7), v4(8)})),
              (Texts{"removal of address 192.0.2.7/24"}));
}

TEST(Plan, AnAddressOfOursThatIsGoneAlreadyIsNotRemoved) {
    EXPECT_TRUE(plan(present(), wanted(), {v4(7)}).empty());
}

TEST(Plan, AnotherPrefixLengthIsARemovalAndThenAnAddition) {
    EXPECT_EQ(texts(plan(present({v6(1, 64)}), wanted({v6(1, 48)}), {v6(1, 64)})),
              (Texts{"removal of address 2001:db8::1/64", "address 2001:db8::1/48"}));
}

TEST(Plan, AnAliasWrittenTwiceIsAddedOnce) {
    EXPECT_EQ(texts(plan(present(), wanted({v4(1), v4(1)}), {})), (Texts{"address 192.0.2.1/24"}));
}

TEST(Plan, AddressesKeepTheOrderOfTheConfiguration) {
    EXPECT_EQ(texts(plan(present(), wanted({v4(3), v4(1), v4(2)}), {})),
              (Texts{"address 192.0.2.3/24", "address 192.0.2.1/24", "address 192.0.2.2/24"}));
}

TEST(Plan, AnEmptyDescriptionIsSetToo) {
    Have have = present();
    have.description = "old";
    EXPECT_EQ(texts(plan(have, wanted(), {})), (Texts{"description \"\""}));
}

/// A random case with few values, so that they coincide often.
struct Case {
    Have have;
    Want want;
    Aliases ours;
};

Case random_case(std::mt19937 &random) {
    const auto pick = [&](unsigned count) { return random() % count; };
    const auto alias = [&] {
        const auto last = static_cast<uint8_t>(1 + pick(4));
        return pick(2) != 0 ? v6(last, pick(2) != 0 ? 64 : 48) : v4(last, pick(2) != 0 ? 24 : 16);
    };
    const auto add = [](Aliases &aliases, const Alias &added) {
        const bool taken = std::any_of(aliases.begin(), aliases.end(), [&](const Alias &a) {
            return a.v6 && added.v6 && a.address == added.address;
        });
        if (!taken && !contains(aliases, added)) aliases.push_back(added);
    };
    const uint16_t mtus[] = {1000, 1279, 1280, 1500, 9000};
    const char *descriptions[] = {"", "uplink", "storage"};
    Case c;
    c.have = {7,
              pick(2) != 0,
              false,
              mtus[pick(5)],
              pick(2) != 0 ? kMac : kOtherMac,
              descriptions[pick(3)],
              {}};
    c.want = {mtus[2 + pick(3)], pick(2) != 0 ? kMac : kOtherMac, descriptions[pick(3)], {}};
    for (unsigned i = pick(5); i > 0; --i) {
        const Alias added = alias();
        if (!added.v6 || c.have.mtu >= 1280) add(c.have.aliases, added);
    }
    for (unsigned i = pick(5); i > 0; --i)
        add(c.want.aliases, alias());
    for (unsigned i = pick(5); i > 0; --i)
        c.ours.push_back(alias());
    // An IPv6 address that an operator set with another prefix length cannot be had: the executor
    // reports it. Here it is ours.
    for (const Alias &there : c.have.aliases)
        for (const Alias &asked : c.want.aliases)
            if (there.v6 && asked.v6 && there.address == asked.address) c.ours.push_back(there);
    return c;
}

TEST(Plan, LeadsToWhatIsWantedAndLeavesTheRest) {
    std::mt19937 random(4096);
    for (int round = 0; round < 20000 && !HasFailure(); ++round) {
        SCOPED_TRACE(round);
        const Case c = random_case(random);
        const std::vector<Change> changes = plan(c.have, c.want, c.ours);
        const Have result = after(c.have, changes);
        EXPECT_TRUE(result.up);
        EXPECT_EQ(result.mtu, c.want.mtu);
        EXPECT_EQ(result.mac, c.want.mac);
        EXPECT_EQ(result.description, c.want.description);
        for (const Alias &alias : c.want.aliases)
            EXPECT_TRUE(contains(result.aliases, alias));
        for (const Alias &alias : c.have.aliases) {
            const bool stays = contains(c.want.aliases, alias) || !contains(c.ours, alias);
            EXPECT_EQ(contains(result.aliases, alias), stays) << config::to_string(alias);
        }
        for (const Alias &alias : result.aliases)
            EXPECT_TRUE(contains(c.want.aliases, alias) || contains(c.have.aliases, alias));
        EXPECT_TRUE(plan(result, c.want, c.ours).empty()) << "a second run has nothing to do";
    }
}

} // namespace
} // namespace lagg::kernel
