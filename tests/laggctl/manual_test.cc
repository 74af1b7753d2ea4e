// The manual has what the program has.
#include "dataplane/base/device_counters.hh"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace lagg::ctl {
namespace {

TEST(Manual, ListsEveryCounter) {
    std::ostringstream page;
    page << std::ifstream(LAGGCTL_MANUAL).rdbuf();
    size_t at = page.str().find("*counters*");
    ASSERT_NE(at, std::string::npos);
    for (const DeviceCounterText &counter : kDeviceCounterTexts) {
        const std::string line =
            std::string("- *") + counter.title + "*: " + counter.meaning + "\n";
        const size_t found = page.str().find(line, at);
        EXPECT_NE(found, std::string::npos) << line << "is missing, or not in its order";
        if (found != std::string::npos) at = found;
    }
}

} // namespace
} // namespace lagg::ctl
