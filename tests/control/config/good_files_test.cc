// The files in good/ mean what they say.
#include "control/config/load.hh"

#include <gtest/gtest.h>

#include <fstream>

namespace lagg::config {
namespace {

Config good(const std::string &name, Positions *positions = nullptr) {
    const std::string path = std::string(CONFIG_TEST_FILES) + "/good/" + name;
    const Loaded loaded = load(path, positions);
    if (const auto *mistakes = std::get_if<Mistakes>(&loaded)) {
        for (const Mistake &mistake : mistakes->list)
            ADD_FAILURE() << to_string(mistake);
        return {};
    }
    return std::get<Config>(loaded);
}

TEST(GoodFiles, EmptyIsTheDefault) {
    EXPECT_EQ(good("empty.toml"), Config{});
}

TEST(GoodFiles, Minimal) {
    Config expected;
    expected.ports = {{"p0", "0000:03:00.0", {}, {}}};
    expected.laggs.resize(1);
    expected.laggs[0].name = "lagg0";
    expected.laggs[0].ports = {"p0"};
    EXPECT_EQ(good("minimal.toml"), expected);
}

Lagg lagg4095() {
    Lagg lagg;
    lagg.name = "lagg4095";
    lagg.description = "to the server room";
    lagg.protocol = Protocol::LACP;
    lagg.ports = {"right", "left"};
    lagg.mtu = 9216;
    lagg.mac = MacAddress{0x02, 0, 0x5e, 0x10, 0, 1};
    lagg.aliases.resize(2);
    lagg.aliases[0] = {false, {192, 0, 2, 1}, 24};
    lagg.aliases[1] = {true, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 64};
    lagg.hash = {.policy = {.fields = distribute::kLayer34, .inner = true, .symmetric = true},
                 .seed = 4294967295,
                 .bpf = "/etc/lagg/mine.o",
                 .rebalance = true};
    lagg.weights = Weights::SPEED;
    lagg.rules = {{"tcp port 3260", "left"}, {"vlan 7 and udp", "right"}, {"udp", "left"}};
    lagg.min_links = 2;
    lagg.roundrobin_stride = 64;
    lagg.rx_all = true;
    lagg.lacp.active = false;
    lagg.lacp.fast = true;
    lagg.lacp.strict = false;
    lagg.lacp.system_priority = 0;
    lagg.lacp.system_mac = MacAddress{0x02, 0, 0x5e, 0x10, 0, 2};
    lagg.lacp.port_priority = 65535;
    lagg.lacp.key = 7;
    lagg.lacp.coupled = true;
    lagg.lacp.max_links = 32;
    lagg.lacp.revertive = false;
    lagg.lacp.wait_to_restore_seconds = 3600;
    lagg.lacp.select = Select::PARTNER_PRIORITY;
    lagg.lacp.fallback_timeout_seconds = 900;
    lagg.lacp.churn_time_seconds = 3600;
    lagg.lacp.partner = {65535, {0x02, 0, 0x5e, 0x10, 0, 3}, 9, 65534, 65533};
    return lagg;
}

TEST(GoodFiles, Full) {
    Config expected;
    expected.daemon.workers = {2, 3, 4, 7};
    expected.daemon.memory = Memory::HUGEPAGES;
    expected.daemon.buffers = 1048576;
    expected.daemon.memory_mb = 512;
    expected.daemon.poll = Poll::BUSY;
    expected.daemon.api = "/run/lagg/other.sock";
    expected.daemon.log = "debug";
    expected.daemon.record = "/var/log/lagg.record";
    expected.daemon.eal = {"--log-level=8", "--no-pci"};
    PortLacp left;
    left.priority = 100;
    left.active = true;
    left.fast = false;
    left.key = 8;
    PortLacp right;
    right.enabled = false;
    right.drain = true;
    right.individual = true;
    right.active = false;
    right.fast = true;
    expected.ports = {{"left", "0000:03:00.0", left, 512, 1000},
                      {"right", "net_af_packet,iface=eth1", right, {}},
                      {"guest", "net_ring0", {}, {}},
                      {"spare", "0000:04:00.0", {}, {}}};
    expected.ports[1].in_use = true;
    Lagg none;
    none.name = "lagg1";
    none.protocol = Protocol::NONE;
    none.upper = {UpperKind::PORT, "guest"};
    expected.laggs = {lagg4095(), none};
    EXPECT_EQ(good("full.toml"), expected);
}

TEST(GoodFiles, PositionsOfWhatIsCheckedElsewhere) {
    Positions positions;
    good("full.toml", &positions);
    EXPECT_EQ(positions.of("port[0].device"), (Position{16, 10}));
    EXPECT_EQ(positions.of("port[1].device"), (Position{23, 10}));
    EXPECT_FALSE(positions.has("port[4]"));
    EXPECT_EQ(positions.of("lagg[1].name"), (Position{81, 8}));
    EXPECT_EQ(positions.of("daemon"), (Position{3, 1}));
    EXPECT_EQ(positions.of("daemon.memory"), (Position{5, 10}));
    EXPECT_EQ(positions.of("lagg[0].hash.bpf"), (Position{44, 88}));
    EXPECT_EQ(positions.of("lagg[0].rules[1].filter"), (Position{48, 32}));
    EXPECT_EQ(positions.of("lagg[0].ports[1]"), (Position{40, 19}));
    EXPECT_EQ(positions.of("lagg[0].lacp.max_links"), (Position{65, 13}));
    EXPECT_EQ(positions.of("lagg[0].lacp.partner.key"), (Position{76, 7}));
}

TEST(GoodFiles, WhatTheFileDoesNotHaveIsNearTheTableAroundIt) {
    Positions positions;
    good("full.toml", &positions);
    EXPECT_EQ(positions.of("port[3].lacp.key"), Position{});
    EXPECT_EQ(positions.near("port[3].lacp.key"), (Position{32, 1}));
    EXPECT_EQ(positions.near("lagg[0].rules[1].port"), (Position{48, 14}));
    EXPECT_EQ(positions.near("lagg[7].name"), positions.of("lagg"));
    good("empty.toml", &positions);
    EXPECT_EQ(positions.near("daemon.workers"), Position{});
}

TEST(GoodFiles, OtherSpellings) {
    const Config config = good("spellings.toml");
    EXPECT_EQ(config.daemon.workers, (std::vector<unsigned>{5, 2}));
    EXPECT_EQ(config.daemon.memory, Memory::NONE);
    ASSERT_EQ(config.ports.size(), 3u);
    EXPECT_EQ(config.ports[0].device, "net_tap0,iface=tap0");
    EXPECT_EQ(config.ports[1].device, "0000:0a:00.1");
    EXPECT_EQ(config.ports[2].device, "10000:e1:00.0,mprq_en=1");
    ASSERT_EQ(config.laggs.size(), 3u);
    EXPECT_EQ(config.laggs[0].protocol, Protocol::FAILOVER);
    Hash hash;
    hash.policy.fields = distribute::kLayer23 | distribute::kLayer4;
    EXPECT_EQ(config.laggs[0].hash, hash);
    EXPECT_EQ(config.laggs[0].upper.kind, UpperKind::NONE);
    EXPECT_EQ(config.laggs[1].protocol, Protocol::ROUNDROBIN);
    hash.policy = {.fields = distribute::kVlan | distribute::kSourceMac, .symmetric = true};
    EXPECT_EQ(config.laggs[1].hash, hash);
    hash = {.seed = 0};
    EXPECT_EQ(config.laggs[2].hash, hash);
    const Lacp &lacp = config.laggs[2].lacp;
    EXPECT_TRUE(lacp.fast);
    EXPECT_TRUE(lacp.coupled);
    EXPECT_EQ(lacp.select, Select::BANDWIDTH);
    EXPECT_EQ(lacp.fallback, Fallback::STATIC); // contradicts strict, but this is no LACP
}

/// The sample that is packaged, with the keys it shows switched on: "#key" becomes "key", "# text"
/// stays a comment.
std::string sample_switched_on() {
    std::ifstream file(std::string(CONFIG_TEST_FILES) + "/../../../packaging/lagg.toml");
    EXPECT_TRUE(file.is_open());
    std::string text;
    for (std::string line; std::getline(file, line);) {
        const bool key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        text += line.substr(key ? 1 : 0) + "\n";
    }
    return text;
}

TEST(GoodFiles, TheSampleChangesNothing) {
    EXPECT_EQ(good("../../../../packaging/lagg.toml"), Config{});
}

TEST(GoodFiles, TheSampleShowsTheDefaults) {
    const Loaded loaded = parse(sample_switched_on(), "lagg.toml");
    ASSERT_TRUE(std::holds_alternative<Config>(loaded))
        << to_string(std::get<Mistakes>(loaded).list.front());
    const Config &config = std::get<Config>(loaded);
    ASSERT_EQ(config.laggs.size(), 1u);
    Lagg lagg = config.laggs[0];
    EXPECT_EQ(lagg.aliases.size(), 2u);
    Daemon daemon = config.daemon;
    // What has no value of its own that could be shown.
    daemon.record.clear();
    lagg.aliases.clear();
    lagg.mac.reset();
    lagg.lacp.system_mac.reset();
    lagg.lacp.key.reset();
    EXPECT_EQ(daemon, Daemon{});
    Lagg expected;
    expected.name = "lagg0";
    expected.ports = {"p0", "p1"};
    EXPECT_EQ(lagg, expected);
}

} // namespace
} // namespace lagg::config
