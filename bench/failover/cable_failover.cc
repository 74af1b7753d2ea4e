// Numbered frames in both directions between kernel interfaces of several namespaces, whose cables
// this program pulls: events and frames are on one clock, CLOCK_MONOTONIC. What happens when is
// told by whoever started it, on standard input, and every command is answered by a line of JSON.
//
//   cable_failover PERIOD_US FLOWS WORD=NAMESPACE:INTERFACE[,...]...
//
// The words are down.send, down.hear, up.send, up.hear, and end, interfaces to be set down and up.
//
//   begin                           forgets frames sent before
//   use N,N | use learned           ends that `up` is sent by; where `down` came last
//   down N, up N                    sets an end; says when that began and was done
//   flowing SINCE_NS LIMIT_MS       waits for a frame of every flow and direction sent since
//   came PORT SINCE_NS LIMIT_MS     waits for a frame that came by that port of `down`
//   outcome AT_NS DEAD|- BACK_NS EVERY  what became of the frames; EVERY: 1 where all flows moved
#include "bench/engine/core_time.hh"
#include "bench/failover/namespaces.hh"
#include "bench/failover/pull_text.hh"
#include "bench/failover/traffic.hh"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace lagg::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// How long frames are waited for that are on their way when a window ends.
constexpr milliseconds kOnTheWay{20};
constexpr microseconds kLook{100};

Nanoseconds clock() {
    return nanoseconds(CLOCK_MONOTONIC);
}

[[noreturn]] void fail(const std::string &why) {
    std::fprintf(stderr, "cable_failover: %s\n", why.c_str());
    std::exit(1);
}

std::vector<std::string> split(const std::string &text) {
    std::vector<std::string> words;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, ',');)
        words.push_back(word);
    return words;
}

struct Setup {
    Nanoseconds period;
    unsigned flows;
    std::array<Way, 2> ways;
    std::vector<UpSwitch> ends;
};

void read_word(Setup &setup, const std::string &word, const std::vector<std::string> &places) {
    for (const std::string &text : places) {
        const Place place = place_of(text);
        if (word == "down.send")
            setup.ways[0].send.push_back(sending_socket(place));
        else if (word == "down.hear")
            setup.ways[0].hear.push_back(hearing_socket(place));
        else if (word == "up.send")
            setup.ways[1].send.push_back(sending_socket(place));
        else if (word == "up.hear")
            setup.ways[1].hear.push_back(hearing_socket(place));
        else if (word == "end")
            setup.ends.emplace_back(place);
        else
            fail("'" + word + "' is none of down.send, down.hear, up.send, up.hear and end");
    }
}

Setup read_setup(int argc, char **argv) {
    if (argc < 4) fail("PERIOD_US, FLOWS and interfaces are wanted; see the head of its source");
    Setup setup{.period = static_cast<Nanoseconds>(std::atoi(argv[1])) * 1000,
                .flows = static_cast<unsigned>(std::atoi(argv[2])),
                .ways = {},
                .ends = {}};
    if (setup.period == 0 || setup.flows == 0) fail("PERIOD_US and FLOWS are at least 1");
    for (int i = 3; i < argc; ++i) {
        const std::string text = argv[i];
        const size_t equals = std::min(text.find('='), text.size() - 1);
        read_word(setup, text.substr(0, equals), split(text.substr(equals + 1)));
    }
    for (const Way &way : setup.ways)
        if (way.send.empty() || way.hear.empty())
            fail("each direction is sent and heard somewhere");
    return setup;
}

void answer(const std::string &text) {
    std::puts(text.c_str());
    std::fflush(stdout);
}

class Commands {
  public:
    explicit Commands(Setup setup)
        : ends_(std::move(setup.ends)), traffic_(setup.ways, setup.flows, setup.period) {}

    void carry_out(std::istream &in) {
        std::string verb;
        in >> verb;
        if (verb == "begin")
            begin();
        else if (verb == "use")
            use(in);
        else if (verb == "down" || verb == "up")
            set(in, verb == "up");
        else if (verb == "flowing")
            wait_flowing(in);
        else if (verb == "came")
            wait_came(in);
        else if (verb == "outcome")
            tell_outcome(in);
        else
            fail("there is no command '" + verb + "'");
        if (in.fail()) fail("'" + verb + "' wants other words");
    }

  private:
    void begin() {
        traffic_.look([](auto &records) {
            for (Record &record : records)
                record.begin();
        });
        answer(fmt::format(R"({{"at": {}}})", clock()));
    }

    void use(std::istream &in) {
        std::string text;
        in >> text;
        std::vector<unsigned> ends;
        if (text != "learned")
            for (const std::string &word : split(text))
                ends.push_back(static_cast<unsigned>(std::atoi(word.c_str())));
        traffic_.use(std::move(ends));
        answer("{}");
    }

    void set(std::istream &in, bool up) {
        size_t number = 0;
        in >> number;
        if (number >= ends_.size()) fail("there is no end " + std::to_string(number));
        const Nanoseconds begun = clock();
        ends_[number].set(up);
        answer(fmt::format(R"({{"begun": {}, "done": {}}})", begun, clock()));
    }

    template <typename Condition> void wait(uint64_t limit_ms, const Condition &condition) {
        const Nanoseconds until = clock() + limit_ms * 1'000'000;
        bool met = false;
        while (!(met = traffic_.look(condition)) && clock() < until)
            std::this_thread::sleep_for(kLook);
        answer(fmt::format(R"({{"met": {}, "at": {}}})", met, clock()));
    }

    void wait_flowing(std::istream &in) {
        uint64_t since = 0, limit_ms = 0;
        in >> since >> limit_ms;
        wait(limit_ms, [&](auto &records) {
            return records[0].every_flow_came(since) && records[1].every_flow_came(since);
        });
    }

    void wait_came(std::istream &in) {
        unsigned port = 0;
        uint64_t since = 0, limit_ms = 0;
        in >> port >> since >> limit_ms;
        wait(limit_ms,
             [&](auto &records) { return records[0].came_by(static_cast<uint8_t>(port), since); });
    }

    void tell_outcome(std::istream &in) {
        Event event;
        std::string dead;
        in >> event.at >> dead >> event.back >> event.every_flow;
        if (dead != "-") event.dead = static_cast<uint8_t>(std::atoi(dead.c_str()));
        event.until = clock();
        std::this_thread::sleep_for(kOnTheWay);
        Event of_second = event;
        of_second.dead.reset();
        const auto [down, up] = traffic_.look([&](const auto &records) {
            return std::pair(records[0].outcome(event), records[1].outcome(of_second));
        });
        answer(fmt::format(R"({{"down": {{{}}}, "up": {{{}}}}})", to_json(down), to_json(up)));
    }

    std::vector<UpSwitch> ends_;
    SteadyTraffic traffic_;
};

int run(int argc, char **argv) {
    Commands commands(read_setup(argc, argv));
    answer("{}");
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        commands.carry_out(in);
    }
    return 0;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    return lagg::bench::run(argc, argv);
}
