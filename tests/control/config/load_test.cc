// Reading files, and the rules at their edges: what is just allowed and what is just not.
#include "control/config/load.hh"

#include <gtest/gtest.h>

namespace lagg::config {
namespace {

/// The messages of a text, one string each with its place; empty for a good one.
std::vector<std::string> mistakes_of(const std::string &text) {
    std::vector<std::string> messages;
    const Loaded loaded = parse(text, "f");
    if (const auto *mistakes = std::get_if<Mistakes>(&loaded)) {
        for (const Mistake &mistake : mistakes->list)
            messages.push_back(to_string(mistake));
    }
    return messages;
}

std::string port(const std::string &name, const std::string &device) {
    return "[[port]]\nname = \"" + name + "\"\ndevice = \"" + device + "\"\n";
}

/// One port and a lagg with one more line.
std::string lagg_with(const std::string &line) {
    return port("p0", "net_ring0") + "[[lagg]]\nname = \"lagg0\"\nports = [\"p0\"]\n" + line + "\n";
}

/// As many ports, and as many laggs with protocol none and the given upper.
std::string file_of(int ports, int laggs, const std::string &upper) {
    std::string text;
    for (int i = 0; i < ports; ++i) {
        text += port("p" + std::to_string(i), "net_ring" + std::to_string(i));
    }
    for (int i = 0; i < laggs; ++i) {
        text += "[[lagg]]\nname = \"lagg" + std::to_string(i) +
                "\"\nprotocol = \"none\"\nupper = \"" + upper + "\"\n";
    }
    return text;
}

TEST(Load, SaysWhyAFileCannotBeRead) {
    const Loaded missing = load("/nowhere/lagg.toml");
    const auto &list = std::get<Mistakes>(missing).list;
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].line, 0u);
    EXPECT_EQ(to_string(list[0]), "/nowhere/lagg.toml: cannot be read: No such file or directory");
    const Loaded directory = load("/");
    EXPECT_EQ(to_string(std::get<Mistakes>(directory).list.at(0)),
              "/: cannot be read: it is a directory and not a regular file");
}

TEST(Load, AMistakeIsPrintedInOneLineThatShows) {
    EXPECT_EQ(to_string(Mistake{"a\x1b[2Jb", 3, 4, "policy p.o: 'x\n\xc2\x9b' is odd"}),
              "a\\x1b[2Jb:3:4: policy p.o: 'x\\n\\x9b' is odd");
    EXPECT_EQ(to_string(Mistake{"f", 0, 0, "cannot be read"}), "f: cannot be read");
}

TEST(Load, PositionsAreLeftAloneByABrokenFile) {
    Positions positions;
    parse(lagg_with("mtu = 1"), "f", &positions);
    EXPECT_TRUE(positions.empty());
    parse(lagg_with("mtu = 1500"), "f", &positions);
    EXPECT_EQ(positions.of("port[0].device"), (Position{3, 10}));
}

TEST(Load, LimitsAreInclusive) {
    for (const char *line :
         {"mtu = 1492", "mtu = 9216", "min_links = 1", "stride = 1", "stride = 1000000",
          "hash = { seed = 0 }", "hash = { seed = 4294967295 }", "lacp = { key = 1 }",
          "lacp = { key = 65535 }", "lacp = { system_priority = 0, port_priority = 0 }",
          "lacp = { system_priority = 65535, port_priority = 65535 }",
          "aliases = [\"192.0.2.1/1\", \"192.0.2.2/32\", \"2001:db8::1/1\", "
          "\"2001:db8::2/128\"]"}) {
        EXPECT_EQ(mistakes_of(lagg_with(line)), std::vector<std::string>{}) << line;
    }
    for (const char *line :
         {"mtu = 1491", "mtu = 9217", "min_links = 0", "min_links = 2", "stride = 0",
          "stride = 1000001", "hash = { seed = -1 }", "hash = { seed = 4294967296 }",
          "lacp = { key = 0 }", "lacp = { key = 65536 }", "lacp = { system_priority = -1 }",
          "lacp = { port_priority = 65536 }", "mtu = 9223372036854775807"}) {
        EXPECT_EQ(mistakes_of(lagg_with(line)).size(), 1u) << line;
    }
}

TEST(Load, DaemonLimitsAreInclusive) {
    for (const char *line : {"buffers = 1024", "buffers = 1048576", "workers = [0, 127]",
                             "memory_mb = 0", "workers = \"AUTO\""}) {
        EXPECT_EQ(mistakes_of(std::string("[daemon]\n") + line), std::vector<std::string>{})
            << line;
    }
    for (const char *line : {"buffers = 1023", "buffers = 1048577", "workers = [-1]",
                             "workers = [128]", "workers = []", "api = \"\""}) {
        EXPECT_EQ(mistakes_of(std::string("[daemon]\n") + line).size(), 1u) << line;
    }
    const std::string longest(106, 'x');
    EXPECT_TRUE(mistakes_of("[daemon]\napi = \"/" + longest + "\"").empty());
    EXPECT_EQ(mistakes_of("[daemon]\napi = \"/" + longest + "x\""),
              std::vector<std::string>{"f:2:7: 'api' of [daemon] is a path of 108 bytes; a Unix "
                                       "socket's may have at most 107"});
}

TEST(Load, DescriptionFitsTheKernelsField) {
    const std::string longest(255, 'x');
    EXPECT_TRUE(mistakes_of(lagg_with("description = \"" + longest + "\"")).empty());
    EXPECT_EQ(mistakes_of(lagg_with("description = \"" + longest + "x\"")),
              std::vector<std::string>{"f:7:15: 'description' of lagg0 has 256 bytes; the kernel "
                                       "takes at most 255"});
}

TEST(Load, PortsAndLaggsHaveTheirLimits) {
    EXPECT_TRUE(mistakes_of(file_of(32, 1, "kernel")).empty());
    EXPECT_EQ(mistakes_of(file_of(33, 1, "kernel")).size(), 1u);
    EXPECT_TRUE(mistakes_of(file_of(0, 32, "kernel")).empty());
    EXPECT_EQ(mistakes_of(file_of(0, 33, "kernel")).size(), 1u);
}

TEST(Load, OneCauseIsOneMistake) {
    // The lagg names a port whose device or whose name is wrong: that it exists is not in doubt.
    const std::string lagg = "[[lagg]]\nname = \"lagg0\"\nports = [\"0\"]\n";
    EXPECT_EQ(mistakes_of(port("0", "net_ring0") + lagg).size(), 1u);
    EXPECT_EQ(mistakes_of(port("p0", "") + "[[lagg]]\nname = \"lagg0\"\nports = [\"p0\"]\n").size(),
              1u);
    // A wrong protocol says nothing about the need for ports that are there.
    EXPECT_EQ(mistakes_of(lagg_with("protocol = \"lapc\"")).size(), 1u);
    // An upper of an unknown kind is no reason to complain of the aliases.
    EXPECT_EQ(mistakes_of(lagg_with("upper = \"tap\"\naliases = [\"192.0.2.1/24\"]")).size(), 1u);
}

TEST(Load, APortIsMemberOrUpperNotBoth) {
    EXPECT_EQ(
        mistakes_of(lagg_with("upper = \"port:p0\"")),
        std::vector<std::string>{
            "f:7:9: upper port \"p0\" of lagg0 is already a port of lagg0 (line 6); the upper "
            "side needs a port of its own"});
}

TEST(Load, LaggsMayStandOnLaggsWhereNoWayLeadsBack) {
    const std::string text = port("a", "net_af_packet,iface=lagg1") +
                             port("b", "net_pcap0,rx_iface=lagg2,tx_iface=lagg2") +
                             port("c", "net_ring0") + port("d", "net_tap0,iface=lagg3") +
                             "[[lagg]]\nname = \"lagg0\"\nports = [\"a\", \"b\"]\n"
                             "[[lagg]]\nname = \"lagg1\"\nports = [\"c\"]\n"
                             "[[lagg]]\nname = \"lagg2\"\nprotocol = \"none\"\n";
    // An interface of that name that is no lagg's of this file is somebody else's.
    const std::string foreign = "[[lagg]]\nname = \"lagg3\"\nprotocol = \"none\"\n"
                                "upper = \"none\"\n"
                                "[[lagg]]\nname = \"lagg4\"\nports = [\"d\"]\n";
    EXPECT_EQ(mistakes_of(text + foreign), std::vector<std::string>{});
    EXPECT_EQ(mistakes_of(text + "[[lagg]]\nname = \"lagg3\"\nports = [\"d\"]\n").size(), 1u);
}

TEST(Load, SixteenWorkersAndNoMore) {
    EXPECT_TRUE(mistakes_of("[daemon]\nworkers = \"0-15\"").empty());
    EXPECT_EQ(
        mistakes_of("[daemon]\nworkers = [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"),
        std::vector<std::string>{"f:2:11: 'workers' of [daemon] names 17 cores; name at most 16"});
}

TEST(Load, EalTakesWhatIsNotLaggds) {
    for (const char *good :
         {"--log-level=8", "--log-level", "--iova-mode=pa", "--no-pci", "-v", "-n4", "-d",
          "-dlibhelp.so", "--socket-mem=64", "--legacy-mem", "--", "--huge-dir=/mnt/huge", "8", ""})
        EXPECT_EQ(mistakes_of("[daemon]\neal = [\"" + std::string(good) + "\"]"),
                  std::vector<std::string>{});
    for (const char *bad : {"--help", "--hel", "-h", "-vh", "-vl0", "-c1", "-S0", "-s1", "-a",
                            "-m8", "--main-lcore=1", "--main", "--in-mem", "--file-prefix=x",
                            "--allow=x", "--log-level=help", "--log=help", "help"})
        EXPECT_EQ(mistakes_of("[daemon]\neal = [\"" + std::string(bad) + "\"]").size(), 1u) << bad;
}

TEST(Load, WindowsLineEndsAndByteOrderMark) {
    EXPECT_TRUE(mistakes_of("\xef\xbb\xbf[daemon]\r\npoll = \"busy\"\r\n").empty());
}

TEST(Load, PortsAsInlineTables) {
    EXPECT_TRUE(mistakes_of("port = [{ name = \"p0\", device = \"net_ring0\" }]\n").empty());
    EXPECT_EQ(mistakes_of("port = [1]\n"),
              std::vector<std::string>{"f:1:9: [[port]] must be a table, not the integer 1"});
}

} // namespace
} // namespace lagg::config
