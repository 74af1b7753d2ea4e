// Which object a path names.
#include "control/api/route.hh"

#include <gtest/gtest.h>

#include <set>

namespace lagg::api {
namespace {

TEST(Route, NamesObjects) {
    EXPECT_EQ(route_of("/v1/status").resource, Resource::STATUS);
    EXPECT_EQ(route_of("/v1/reload").resource, Resource::RELOAD);
    EXPECT_EQ(route_of("/v1/laggs").resource, Resource::LAGGS);
    const Route lagg = route_of("/v1/laggs/lagg0");
    EXPECT_EQ(lagg.resource, Resource::LAGG);
    EXPECT_EQ(lagg.lagg, "lagg0");
}

TEST(Route, NamesWhatBelongsToAPort) {
    const std::pair<const char *, Resource> words[] = {{"lacp", Resource::PORT_LACP},
                                                       {"xstats", Resource::XSTATS}};
    for (const auto &[word, resource] : words) {
        const Route route = route_of(std::string("/v1/laggs/lagg0/ports/p1/") + word);
        EXPECT_EQ(route.resource, resource) << word;
        EXPECT_EQ(route.lagg, "lagg0");
        EXPECT_EQ(route.port, "p1");
        EXPECT_TRUE(is_read(route.resource));
        EXPECT_EQ(route.port_switch, nullptr);
    }
}

TEST(Route, NamesEverySwitchOfAPort) {
    std::set<std::string> words;
    for (const PortSwitch &row : kPortSwitches) {
        const Route route = route_of(std::string("/v1/laggs/lagg0/ports/p1/") + row.word);
        EXPECT_EQ(route.resource, Resource::SWITCH) << row.word;
        EXPECT_EQ(route.lagg + route.port, "lagg0p1");
        EXPECT_EQ(route.port_switch, &row);
        EXPECT_FALSE(is_read(route.resource));
        words.insert(row.word);
    }
    EXPECT_EQ(words, (std::set<std::string>{"drain", "rxtest", "txtest"})) << "paths are promised";
}

TEST(Route, NamesTheQuestionAboutAFlow) {
    const Route route = route_of("/v1/laggs/lagg0/hash");
    EXPECT_EQ(route.resource, Resource::FLOW);
    EXPECT_EQ(route.lagg, "lagg0");
    EXPECT_EQ(route.port, "");
    EXPECT_FALSE(is_read(route.resource));
}

TEST(Route, NothingElse) {
    for (const char *path : {"", "/", "/v1", "/v1/lagg", "/v1/laggs/", "/v1/laggsx/lagg0",
                             "/v2/laggs", "/v1/status/", "v1/laggs/lagg0"})
        EXPECT_EQ(route_of(path).resource, Resource::NOTHING) << path;
}

// A name with a slash in it is no lagg's, and the answer has to say so.
TEST(Route, WhatIsNoPathOfAPortIsANameThatNoLaggHas) {
    for (const char *rest : {"../status", "lagg0/ports", "lagg0/ports/p1", "lagg0/ports/p1/drains",
                             "lagg0/ports//drain", "/ports/p1/drain", "lagg0/ports/p1/drain/",
                             "/hash", "lagg0/hash/", "lagg0/ports/p1/hash"}) {
        const Route route = route_of(std::string("/v1/laggs/") + rest);
        EXPECT_EQ(route.resource, Resource::LAGG) << rest;
        EXPECT_EQ(route.lagg, rest);
    }
}

TEST(Route, AnEscapedSlashIsPartOfAName) {
    const Route lagg = route_of("/v1/laggs/lagg0%2fports%2Fp1%2flacp");
    EXPECT_EQ(lagg.resource, Resource::LAGG);
    EXPECT_EQ(lagg.lagg, "lagg0/ports/p1/lacp");
    const Route port = route_of("/v1/laggs/lagg%30/ports/p%2f%31/drain");
    EXPECT_EQ(port.resource, Resource::SWITCH);
    EXPECT_EQ(port.lagg, "lagg0");
    EXPECT_EQ(port.port, "p/1");
    EXPECT_EQ(route_of("/v1/laggs/100%").lagg, "100%");
    EXPECT_EQ(route_of("/v1/laggs/%4").lagg, "%4");
}

} // namespace
} // namespace lagg::api
