// The manual has what the program has.
#include "control/api/port_switches.hh"
#include "dataplane/base/device_counters.hh"
#include "lacp/port_counters.hh"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace lagg::ctl {
namespace {

void expect_list_below(const std::string &heading, const auto &counters) {
    std::ostringstream page;
    page << std::ifstream(LAGGCTL_MANUAL).rdbuf();
    size_t at = page.str().find(heading);
    ASSERT_NE(at, std::string::npos);
    for (const auto &counter : counters) {
        const std::string line =
            std::string("- *") + counter.title + "*: " + counter.meaning + "\n";
        const size_t found = page.str().find(line, at);
        EXPECT_NE(found, std::string::npos) << line << "is missing, or not in its order";
        if (found != std::string::npos) at = found;
    }
}

TEST(Manual, ListsEveryCounter) {
    expect_list_below("\t*counters*\n", kDeviceCounterTexts);
    expect_list_below("\t*lacp*\n", lacp::kPortCounters);
}

TEST(Manual, NamesEverySwitch) {
    std::ostringstream page;
    page << std::ifstream(LAGGCTL_MANUAL).rdbuf();
    for (const api::PortSwitch &row : api::kPortSwitches) {
        const std::string word = std::string("*") + row.word + "*";
        EXPECT_NE(page.str().find(word, page.str().find("# COMMANDS")), std::string::npos) << word;
    }
}

} // namespace
} // namespace lagg::ctl
