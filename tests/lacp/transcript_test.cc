// Negotiations as text one can read: every action of both ends with its time, compared with a file.
//
// LAGG_REWRITE_GOLDEN=1 writes the files anew. Commit the difference only when it is understood.
#include "lacp/transcript.hh"

#include "tests/lacp/pair_harness.hh"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace lagg::lacp {
namespace {

class Transcript {
  public:
    Transcript() {
        for (const uint8_t octet : {1, 2})
            network.add_system(system_parameters(octet));
    }
    /// Runs for `duration` and writes down under `title` what both ends did.
    void note(const char *title, milliseconds duration) {
        text_ << "# " << title << '\n';
        flush(); // what the event itself caused
        const Time end = network.now + duration;
        while (network.now < end) {
            network.run(1ms);
            flush();
        }
        text_ << '\n';
    }
    std::string text() const { return text_.str(); }

    Network network;

  private:
    void flush() {
        for (size_t system : {0, 1}) {
            for (const Action &action : network.recorder(system).actions) {
                const auto now =
                    std::chrono::duration_cast<milliseconds>(network.now.since_start).count();
                char time[32];
                std::snprintf(time, sizeof time, "%3d.%03d ", static_cast<int>(now / 1000),
                              static_cast<int>(now % 1000));
                text_ << time << (system == 0 ? "A " : "B ");
                text_ << to_text(action) << '\n';
            }
            network.recorder(system).actions.clear();
        }
    }
    std::ostringstream text_;
};

void compare(const std::string &name, const std::string &text) {
    const std::string path = std::string(GOLDEN_DIRECTORY) + "/" + name;
    if (std::getenv("LAGG_REWRITE_GOLDEN") != nullptr) {
        std::ofstream(path) << text;
        return;
    }
    std::ostringstream expected;
    expected << std::ifstream(path).rdbuf();
    EXPECT_EQ(text, expected.str()) << path;
}

TEST(Transcript, Negotiation) {
    Transcript transcript;
    PortParameters fast;
    fast.short_timeout = true;
    transcript.network.connect({0, 1}, {1, 1}, fast, fast);
    transcript.note("the link comes up", 3500ms);
    transcript.network.set_link({0, 1}, false);
    transcript.note("it goes down", 500ms);
    transcript.network.set_link({0, 1}, true);
    transcript.note("it comes back", 1500ms);
    transcript.network.set_loss({0, 1}, true);
    transcript.note("what A sends is lost", 4500ms);
    transcript.network.set_loss({0, 1}, false);
    transcript.note("it arrives again", 3500ms);
    transcript.network.step(0, PortLeaving{1});
    transcript.note("A takes its port away", 1000ms);
    compare("negotiation.txt", transcript.text());
}

} // namespace
} // namespace lagg::lacp
