// The names that the API's JSON has, by a list in the tree: fields are added and never removed,
// renamed or given another type, since scripts of others read them.
//
// LAGG_ADD_FIELDS=1 adds what is new to the list, and takes nothing from it.
#include "control/api/json.hh"

#include "tests/control/api/snapshots.hh"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace lagg::api {
namespace {

using nlohmann::json;
using testing::filled;
using Names = std::set<std::string>;

/// Adds the path and type of everything in a document: "status.laggs[].mtu number".
void collect(Names &names, const std::string &path, const json &value) {
    names.insert(path + " " + value.type_name());
    if (value.is_object()) {
        for (const auto &[key, inside] : value.items())
            collect(names, path + "." + key, inside);
    } else if (value.is_array() && !value.empty()) {
        collect(names, path + "[]", value.front());
    }
}

/// Everything that the API can answer with; a lagg by itself looks as it does in the status.
Names all_names() {
    Names names;
    collect(names, "status", filled<Status>());
    collect(names, "history", filled<PortHistory>());
    collect(names, "xstats", filled<ExtendedCounters>());
    collect(names, "hash", filled<FlowAnswer>());
    return names;
}

Names promised() {
    Names names;
    std::ifstream file(FIELD_NAMES);
    for (std::string line; std::getline(file, line);)
        names.insert(line);
    return names;
}

Names without(const Names &all, const Names &some) {
    Names rest;
    std::ranges::set_difference(all, some, std::inserter(rest, rest.end()));
    return rest;
}

TEST(FieldNames, NoneThatWasThereIsGoneOrHasAnotherType) {
    for (const std::string &gone : without(promised(), all_names()))
        ADD_FAILURE() << "scripts of others read " << gone;
    EXPECT_GT(promised().size(), 100u) << FIELD_NAMES;
}

TEST(FieldNames, EveryOneIsPromised) {
    const Names names = without(all_names(), promised());
    if (std::getenv("LAGG_ADD_FIELDS") != nullptr) {
        Names list = promised();
        list.insert(names.begin(), names.end());
        std::ofstream file(FIELD_NAMES);
        for (const std::string &name : list)
            file << name << "\n";
        return;
    }
    for (const std::string &added : names)
        ADD_FAILURE() << added << " is not in the list: run this test with LAGG_ADD_FIELDS=1";
}

} // namespace
} // namespace lagg::api
