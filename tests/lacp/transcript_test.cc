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
    explicit Transcript(SystemParameters parameters = {}) {
        for (const uint8_t octet : {1, 2}) {
            parameters.system = system_parameters(octet).system;
            network.add_system(parameters);
        }
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

PortParameters with_short_timeout() {
    PortParameters parameters;
    parameters.short_timeout = true;
    return parameters;
}

TEST(Transcript, Failover) {
    Transcript transcript;
    transcript.network.connect({0, 1}, {1, 1});
    transcript.network.connect({0, 2}, {1, 2});
    transcript.note("two links come up", 3500ms);
    transcript.network.set_link({0, 1}, false);
    transcript.note("the first one is pulled", 1000ms);
    transcript.network.set_link({0, 1}, true);
    transcript.note("and put back", 3000ms);
    compare("failover.txt", transcript.text());
}

TEST(Transcript, Expiry) {
    Transcript transcript;
    transcript.network.connect({0, 1}, {1, 1}, with_short_timeout(), with_short_timeout());
    transcript.network.run(5000ms);
    for (const size_t system : {0, 1})
        transcript.network.recorder(system).actions.clear();
    transcript.network.set_loss({0, 1}, true);
    transcript.network.set_loss({1, 1}, true);
    transcript.note("nothing arrives any more, the link stays up", 7500ms);
    transcript.network.set_loss({0, 1}, false);
    transcript.network.set_loss({1, 1}, false);
    transcript.note("it heals", 4000ms);
    compare("expiry.txt", transcript.text());
}

TEST(Transcript, Standby) {
    SystemParameters one_of_two;
    one_of_two.max_links = 1;
    Transcript transcript(one_of_two);
    transcript.network.connect({0, 1}, {1, 1});
    transcript.network.connect({0, 2}, {1, 2});
    transcript.note("two links, and only one may be used", 3500ms);
    transcript.network.set_link({0, 1}, false);
    transcript.note("the one in use is pulled", 1500ms);
    transcript.network.set_link({0, 1}, true);
    transcript.note("and put back", 4000ms);
    compare("standby.txt", transcript.text());
}

TEST(Transcript, Fallback) {
    SystemParameters parameters;
    parameters.fallback = Fallback::INDIVIDUAL;
    Transcript transcript(parameters);
    const auto cut = [&](bool loss) {
        for (const size_t system : {0, 1})
            for (const PortNumber port : {1, 2})
                transcript.network.set_loss({system, port}, loss);
    };
    cut(true);
    transcript.network.connect({0, 1}, {1, 1});
    transcript.network.connect({0, 2}, {1, 2});
    transcript.note("nobody hears anybody", 16000ms);
    cut(false);
    transcript.note("they begin to hear each other", 30000ms);
    compare("fallback.txt", transcript.text());
}

TEST(Transcript, Churn) {
    Transcript transcript;
    PortParameters drained;
    drained.drained = true;
    transcript.network.connect({0, 1}, {1, 1}, {}, drained);
    transcript.note("B does not want to be in sync, A waits for it", 65000ms);
    transcript.network.step(1, PortParametersChanged{1, {}});
    transcript.note("B changes its mind", 1000ms);
    compare("churn.txt", transcript.text());
}

TEST(Transcript, Marker) {
    Transcript transcript;
    transcript.network.connect({0, 1}, {1, 1});
    transcript.network.run(5000ms);
    for (const size_t system : {0, 1})
        transcript.network.recorder(system).actions.clear();
    transcript.network.step(0, MarkerRequested{1, 1});
    transcript.note("A asks whether everything has arrived", 10ms);
    transcript.network.set_loss({1, 1}, true);
    transcript.network.step(0, MarkerRequested{1, 2});
    transcript.note("it asks again, and the answer is lost", 10ms);
    for (uint32_t transaction = 3; transaction < 10; ++transaction)
        transcript.network.step(0, MarkerRequested{1, transaction});
    transcript.note("more than a port may send in a second", 10ms);
    compare("marker.txt", transcript.text());
}

} // namespace
} // namespace lagg::lacp
