// Every field goes out and comes back, under its own name; what is missing or unknown does no harm.
#include "control/api/json.hh"

#include "tests/control/api/snapshots.hh"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <set>

namespace lagg::api {
namespace {

using nlohmann::json;
using testing::filled;
using testing::same;

// The keys of an object are exactly the names of the struct's fields, all the way down, and under
// each stands that field and not another.
template <typename T> void expect_named(const T &value, const json &inside) {
    EXPECT_EQ(inside.get<T>(), value);
}
template <typename E> void expect_named(const Worded<E> &state, const json &inside) {
    EXPECT_EQ(inside.get<std::string>(), state.text());
    EXPECT_NE(inside, "");
}
void expect_named(const LacpFlags &flags, const json &inside) {
    EXPECT_EQ(inside.get<std::string>(), flags.text());
}
template <testing::Struct T> void expect_named(const T &record, const json &object);
template <typename T> void expect_named(const std::optional<T> &value, const json &inside) {
    expect_named(*value, inside);
}
template <typename T> void expect_named(const std::vector<T> &list, const json &array) {
    for (size_t i = 0; i < list.size(); ++i)
        expect_named(list[i], array.at(i));
}
/// LACP's counters have no object of their own.
template <testing::Struct T>
void expect_fields(const T &record, const json &object, std::set<std::string> &keys) {
    const auto fields = testing::fields_of(record);
    const auto names = testing::split(fields.names);
    const auto expect = [&](const std::string &name, const auto &field) {
        if constexpr (std::is_same_v<decltype(field), const lacp::PortCounters &>)
            return expect_fields(field, object, keys);
        else
            expect_named(field, object.at(name));
        keys.insert(name);
    };
    std::apply(
        [&](const auto &...field) {
            size_t i = 0;
            (expect(names.at(i++), field), ...);
        },
        fields.values);
}
template <testing::Struct T> void expect_named(const T &record, const json &object) {
    std::set<std::string> expected;
    expect_fields(record, object, expected);
    std::set<std::string> keys;
    for (const auto &[key, value] : object.items())
        keys.insert(key);
    EXPECT_EQ(keys, expected);
}

TEST(Json, EveryFieldOfAStatusComesBack) {
    const Status status = filled<Status>();
    const json document = json::parse(json(status).dump());
    EXPECT_TRUE(same(document.get<Status>(), status)) << document.dump(2);
    EXPECT_FALSE(same(Status{}, status));
}

TEST(Json, KeysAreTheNamesOfTheFields) {
    const Status status = filled<Status>();
    expect_named(status, json(status));
}

TEST(Json, AWordThatIsNotKnownIsReadAsThat) {
    json document(filled<Lagg>());
    document["state"] = "BETTER";
    EXPECT_EQ(document.get<Lagg>().state, LaggState::UNKNOWN) << "a newer daemon's";
    document["state"] = 7;
    EXPECT_THROW(document.get<Lagg>(), json::exception);
}

TEST(Json, EveryFieldOfALaggComesBack) {
    const Lagg lagg = filled<Lagg>();
    EXPECT_TRUE(same(json::parse(json(lagg).dump()).get<Lagg>(), lagg));
}

TEST(Json, AHistoryComesBack) {
    const PortHistory history = filled<PortHistory>();
    expect_named(history, json(history));
    EXPECT_TRUE(same(json::parse(json(history).dump()).get<PortHistory>(), history));
}

TEST(Json, AFlowAndWhereItGoesComeBack) {
    const FlowQuestion question = filled<FlowQuestion>();
    expect_named(question, json(question));
    EXPECT_TRUE(same(json::parse(json(question).dump()).get<FlowQuestion>(), question));
    const FlowAnswer answer = filled<FlowAnswer>();
    expect_named(answer, json(answer));
    EXPECT_TRUE(same(json::parse(json(answer).dump()).get<FlowAnswer>(), answer));
}

TEST(Json, ABitOfEachNumberIsKept) {
    Status status;
    status.pid = std::numeric_limits<uint64_t>::max();
    status.laggs.resize(1);
    status.laggs[0].speed_mbps = 20'000'000'000;
    status.laggs[0].hash_seed = 0xfedcba98;
    EXPECT_TRUE(same(json::parse(json(status).dump()).get<Status>(), status));
}

TEST(Json, AnAbsentOptionalIsNull) {
    Lagg lagg;
    lagg.ports.resize(2);
    lagg.ports[1].lacp.emplace();
    const json document(lagg);
    EXPECT_TRUE(document.at("ports").at(0).at("lacp").is_null());
    EXPECT_TRUE(document.at("ports").at(1).at("lacp").at("last_rx_seconds").is_null());
    const Lagg read = document.get<Lagg>();
    EXPECT_FALSE(read.ports.at(0).lacp.has_value());
    ASSERT_TRUE(read.ports.at(1).lacp.has_value());
    EXPECT_FALSE(read.ports[1].lacp->last_rx_seconds.has_value());
}

TEST(Json, UnknownKeysAreIgnoredAndMissingOnesKeepTheirDefaults) {
    const auto lagg =
        json::parse(R"({"name": "lagg7", "colour": "green", "mtu": null})").get<Lagg>();
    EXPECT_EQ(lagg.name, "lagg7");
    EXPECT_EQ(lagg.mtu, Lagg{}.mtu);
    EXPECT_EQ(lagg.min_links, 1);
    EXPECT_TRUE(lagg.lacp_active);
}

TEST(Json, ReadingIntoAUsedStructLeavesNothingOfBefore) {
    Lagg lagg = filled<Lagg>();
    json::parse(R"({"name": "lagg7"})").get_to(lagg);
    EXPECT_TRUE(lagg.ports.empty());
    EXPECT_EQ(lagg.description, "");
}

TEST(Json, AWrongShapeIsAnException) {
    EXPECT_THROW(json::parse(R"([1, 2])").get<Lagg>(), json::exception);
    EXPECT_THROW(json::parse(R"({"ports": {"p0": {}}})").get<Lagg>(), json::exception);
    EXPECT_THROW(json::parse(R"({"name": 7})").get<Lagg>(), json::exception);
    EXPECT_THROW(json::parse(R"({"mtu": "big"})").get<Lagg>(), json::exception);
}

// Scripts read them by name.
TEST(Json, NoCounterGoesAway) {
    const json counters = json(filled<Lagg>()).at("counters");
    for (const char *name : {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes",
                             "rx_not_collecting", "tx_no_member", "tx_full", "slow_rx", "slow_tx",
                             "slow_dropped", "slow_rx_full", "oam_rx", "esmc_rx", "mac_control_rx"})
        EXPECT_TRUE(counters.contains(name)) << name;
}

} // namespace
} // namespace lagg::api
