// The generator keeps what it promises, and really makes what others rely on it for.
#include "tests/dataplane/frame/random_frames.hh"

#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/checks.hh"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

namespace lagg::frame {
namespace {

TEST(RandomFrames, AreTheSameForTheSameSeed) {
    RandomFrames one(7), same(7), other(8);
    int differences = 0;
    for (int i = 0; i < 1000; i++) {
        const auto frame = one.next();
        EXPECT_EQ(frame, same.next());
        differences += frame != other.next();
    }
    EXPECT_GT(differences, 900);
}

/// Whether a frame has a shape that the plainest path of a worker reads.
bool is_plain(const std::vector<uint8_t> &frame, const FlowKey &key) {
    if (!key.has_ports || key.outer_vlan != 0 || key.protocol == 132) return false;
    return (frame[12] == 0x08 && frame[14] == 0x45) || (frame[12] == 0x86 && frame[20] != 0);
}

TEST(RandomFrames, AboutHalfArePlain) {
    RandomFrames random(1);
    int plain = 0, cut = 0;
    for (int i = 0; i < 10000; i++) {
        const auto frame = random.next();
        cut += frame.size() < 14;
        if (frame.size() >= 21) plain += is_plain(frame, parse(frame));
    }
    EXPECT_GT(plain, 5000);
    EXPECT_LT(plain, 7000);
    EXPECT_GT(cut, 50);
}

/// One word for each thing that a reader of frames has to know.
std::set<std::string> kinds_of(const std::vector<uint8_t> &frame) {
    const FlowKey outer = parse(frame), inner = parse_inner(frame);
    std::set<std::string> kinds;
    const std::string version = std::to_string(outer.ip_version);
    if (outer.ip_version != 0) {
        kinds.insert("protocol " + std::to_string(outer.protocol) + " in " + version);
        if (outer.spi != 0 && outer.protocol != 50) kinds.insert("ah in " + version);
        if (!(inner == outer))
            kinds.insert(
                "tunnel " + std::to_string(outer.protocol) + " in " + version +
                (outer.protocol == 17 ? " to " + std::to_string(outer.destination_port) : ""));
        if (outer.ip_version == 4 && frame[12] == 8 && (frame[20] & 0x3f) != 0)
            kinds.insert("fragment");
        if (outer.ip_version == 4 && frame[12] == 8 && frame[14] > 0x45) kinds.insert("options");
        if (outer.ip_version == 6 && frame[12] == 0x86 && frame[20] == 44)
            kinds.insert("fragment header");
    }
    if (outer.inner_vlan != 0) kinds.insert("two tags");
    if (is_slow_protocol(frame)) kinds.insert("slow protocol");
    kinds.insert("type " + std::to_string(outer.ethertype));
    return kinds;
}

TEST(RandomFrames, HaveEveryShape) {
    RandomFrames random(1);
    std::set<std::string> seen;
    for (int i = 0; i < 20000; i++)
        seen.merge(kinds_of(random.next()));
    for (const char *version : {"4", "6"}) {
        for (const int protocol : {1, 4, 6, 17, 41, 47, 50, 58, 59, 132, 137})
            EXPECT_TRUE(seen.contains("protocol " + std::to_string(protocol) + " in " + version))
                << protocol;
        for (const char *tunnel : {"4", "41", "47", "137", "17 to 4789", "17 to 8472", "17 to 6081",
                                   "17 to 2152", "17 to 6635"}) {
            const std::string number = tunnel, space = " in ";
            const auto to = number.find(" to ");
            const std::string kind = "tunnel " + number.substr(0, to) + space + version +
                                     (to == std::string::npos ? "" : number.substr(to));
            EXPECT_TRUE(seen.contains(kind)) << kind;
        }
        EXPECT_TRUE(seen.contains(std::string("ah in ") + version));
    }
    for (const char *kind : {"fragment", "options", "fragment header", "two tags", "slow protocol",
                             "type 0", "type 2054", "type 34887", "type 34888", "type 34916"})
        EXPECT_TRUE(seen.contains(kind)) << kind;
}

} // namespace
} // namespace lagg::frame
