// The address of a lagg is chosen once, and changes only when somebody else may send under it.
#include "laggd/lagg_mac.hh"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace lagg::daemon {

namespace {

constexpr MacAddress kOf0{2, 0, 0, 0, 0, 0x10};
constexpr MacAddress kOf1{2, 0, 0, 0, 0, 0x11};
constexpr MacAddress kRandom{2, 9, 9, 9, 9, 9};

config::Config over(const std::vector<std::pair<std::string, std::string>> &ports) {
    config::Config config;
    config.laggs.emplace_back();
    config.laggs[0].name = "lagg0";
    for (const auto &[name, device] : ports) {
        config.ports.emplace_back();
        config.ports.back().name = name;
        config.ports.back().device = device;
        config.laggs[0].ports.push_back(name);
    }
    return config;
}

MacFacts facts() {
    return {.kept = {},
            .macs = {{"net_ring0", kOf0}, {"net_ring1", kOf1}},
            .host_uses = [](const std::string &) { return false; },
            .random = [] { return kRandom; }};
}

MacAddress chosen(const config::Config &config, const MacFacts &of) {
    return choose_macs(config, of).at("lagg0").mac;
}

const config::Config kTwo = over({{"p0", "net_ring0"}, {"p1", "net_ring1"}});

} // namespace

TEST(LaggMac, TheFirstPortsWhoseDeviceIsKnown) {
    EXPECT_EQ(choose_macs(kTwo, facts()).at("lagg0"), (ChosenMac{kOf0, "net_ring0"}));
    MacFacts late = facts();
    late.macs.erase("net_ring0");
    EXPECT_EQ(chosen(kTwo, late), kOf1);
    late.macs.clear();
    EXPECT_EQ(chosen(kTwo, late), kRandom);
}

TEST(LaggMac, TheConfiguredOneBeforeAll) {
    config::Config config = kTwo;
    config.laggs[0].mac = MacAddress{2, 1, 1, 1, 1, 1};
    MacFacts known = facts();
    known.kept["lagg0"] = {kOf1, "net_ring1"};
    EXPECT_EQ(chosen(config, known), (MacAddress{2, 1, 1, 1, 1, 1}));
}

TEST(LaggMac, StaysWhenPortsChangeNamesOrOrder) {
    MacFacts known = facts();
    known.kept["lagg0"] = {kOf0, "net_ring0"};
    EXPECT_EQ(chosen(over({{"b", "net_ring1"}, {"a", "net_ring0"}}), known), kOf0);
}

TEST(LaggMac, StaysWhenItsPortLeavesAndNobodyHasIt) {
    MacFacts known = facts();
    known.kept["lagg0"] = {kOf0, "net_ring0"};
    EXPECT_EQ(chosen(over({{"p1", "net_ring1"}}), known), kOf0);
    known.host_uses = [](const std::string &device) { return device == "net_ring0"; };
    EXPECT_EQ(chosen(over({{"p1", "net_ring1"}}), known), kOf1);
}

TEST(LaggMac, GoesWhenItsDeviceIsInAnotherLagg) {
    MacFacts known = facts();
    known.kept["lagg0"] = {kOf0, "net_ring0"};
    config::Config config = kTwo;
    config.laggs[0].ports = {"p1"};
    config.laggs.push_back(config.laggs[0]);
    config.laggs[1].name = "lagg1";
    config.laggs[1].ports = {"p0"};
    EXPECT_EQ(chosen(config, known), kOf1);
    config.laggs[1].ports = {};
    EXPECT_EQ(chosen(config, known), kOf0) << "the [[port]] is there, and nobody uses it";
    config.laggs[1].upper = {config::UpperKind::PORT, "p0"};
    EXPECT_EQ(chosen(config, known), kOf1);
}

TEST(LaggMac, LaggsThatExchangeTheirDevicesExchangeTheirAddresses) {
    config::Config config = kTwo;
    config.laggs[0].ports = {"p1"};
    config.laggs.push_back(config.laggs[0]);
    config.laggs[1].name = "lagg1";
    config.laggs[1].ports = {"p0"};
    MacFacts known = facts();
    known.kept = {{"lagg0", {kOf0, "net_ring0"}}, {"lagg1", {kOf1, "net_ring1"}}};
    const ChosenMacs chosen = choose_macs(config, known);
    EXPECT_EQ(chosen.at("lagg0"), (ChosenMac{kOf1, "net_ring1"}));
    EXPECT_EQ(chosen.at("lagg1"), (ChosenMac{kOf0, "net_ring0"}));
}

TEST(LaggMac, IsNeverThatOfAnotherLagg) {
    config::Config config = kTwo;
    config.laggs.push_back(config.laggs[0]);
    config.laggs[1].name = "lagg1";
    config.laggs[1].ports = {};
    MacFacts known = facts();
    known.kept = {{"lagg0", {kRandom, ""}}, {"lagg1", {kRandom, ""}}};
    EXPECT_EQ(choose_macs(config, known).at("lagg0").mac, kRandom);
    known.random = [] { return kOf1; };
    EXPECT_EQ(choose_macs(config, known).at("lagg1").mac, kOf1);
    known = facts();
    known.kept["lagg1"] = {kOf0, ""};
    EXPECT_EQ(choose_macs(config, known).at("lagg0").mac, kOf1) << "the other one keeps its own";
}

TEST(LaggMac, IsRememberedInAFile) {
    const std::filesystem::path directory =
        std::filesystem::temp_directory_path() / ("lagg-mac-" + std::to_string(getpid()));
    std::filesystem::create_directory(directory);
    const ChosenMac mac{kOf0, "net_pcap,rx_iface=a b"};
    EXPECT_FALSE(remembered_mac(directory, "lagg0"));
    remember_mac(directory, "lagg0", mac);
    EXPECT_EQ(remembered_mac(directory, "lagg0"), mac);
    EXPECT_FALSE(remembered_mac(directory, "lagg1"));
    remember_mac(directory, "lagg0", {kRandom, ""});
    EXPECT_EQ(remembered_mac(directory, "lagg0"), (ChosenMac{kRandom, ""}));
    for (const char *garbage : {"", "no address\n", "01:00:00:00:00:01 x\n", "02:00"}) {
        std::ofstream(directory / "lagg0.mac") << garbage;
        EXPECT_FALSE(remembered_mac(directory, "lagg0")) << garbage;
    }
    forget_mac(directory, "lagg0");
    EXPECT_FALSE(remembered_mac(directory, "lagg0"));
    std::filesystem::remove_all(directory);
}

} // namespace lagg::daemon
