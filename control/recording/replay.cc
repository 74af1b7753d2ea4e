#include "control/recording/replay.hh"

#include "control/recording/codec.hh"
#include "lacp/system.hh"
#include "lacp/transcript.hh"

#include <cstdio>
#include <deque>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <set>

namespace lagg::recording {

namespace {

/// One System that lives again, and what it did that the recording has still to confirm.
class Life final : private lacp::ActionSink {
  public:
    Life(const lacp::SystemParameters &parameters, lacp::Time now)
        : system_(parameters, now), now_(now) {}

    /// What makes the event impossible; empty when nothing does.
    std::string step(lacp::Time now, const lacp::Event &event) {
        if (now < now_) return "time goes back";
        if (const auto *added = std::get_if<lacp::PortAdded>(&event)) {
            if (ports_.size() >= lacp::kMaxPorts) return "there are too many ports";
            if (!ports_.insert(added->port).second) return "the port is there already";
        }
        if (const auto *removed = std::get_if<lacp::PortRemoved>(&event))
            ports_.erase(removed->port);
        now_ = now;
        system_.step(now, event, *this);
        return "";
    }
    std::deque<Output> unconfirmed;

  private:
    void on_action(const lacp::Action &action) override { unconfirmed.emplace_back(action); }

    lacp::System system_;
    lacp::Time now_;
    std::set<lacp::PortNumber> ports_;
};

class Player {
  public:
    explicit Player(std::ostream &transcript) : transcript_(transcript) {}

    /// What is wrong with the line; empty when nothing is.
    std::string play(const Line &line) {
        line_ = &line;
        return std::visit([this](const auto &what) { return take(what); }, line.what);
    }
    Replayed replayed;

  private:
    std::string take(const Start &start) {
        lives_.insert_or_assign(line_->lagg, Life(start.parameters, line_->time));
        print(lacp::to_text(lacp::Event{lacp::SystemParametersChanged{start.parameters}}), true);
        return "";
    }
    std::string take(const Input &input) {
        const auto life = lives_.find(line_->lagg);
        if (life == lives_.end()) return line_->lagg + " has not started";
        if (!life->second.unconfirmed.empty())
            return "the core did what was not recorded: " + life->second.unconfirmed.front().text;
        const lacp::Event event = input.event();
        print(lacp::to_text(event), true);
        ++replayed.events;
        return life->second.step(line_->time, event);
    }
    std::string take(const Output &output) {
        const auto life = lives_.find(line_->lagg);
        if (life == lives_.end()) return line_->lagg + " has not started";
        std::deque<Output> &done = life->second.unconfirmed;
        if (done.empty()) return "the core did not do: " + output.text;
        if (done.front() != output)
            return "recorded was: " + output.text + "; the core did: " + done.front().text +
                   (done.front().text == output.text ? ", with another frame" : "");
        done.pop_front();
        print(output.text, false);
        ++replayed.actions;
        return "";
    }
    std::string take(const Lost &) {
        replayed.cut_short = true;
        return "";
    }
    void print(const std::string &text, bool is_event) {
        if (!began_) began_ = line_->time;
        const auto us =
            std::chrono::duration_cast<std::chrono::microseconds>(line_->time - *began_);
        char time[32];
        std::snprintf(time, sizeof time, "%5lld.%06lld ",
                      static_cast<long long>(us.count() / 1000000),
                      static_cast<long long>(us.count() % 1000000));
        transcript_ << time << line_->lagg << (is_event ? " * " : "   ") << text << '\n';
    }

    std::ostream &transcript_;
    std::map<std::string, Life> lives_;
    std::optional<lacp::Time> began_;
    const Line *line_ = nullptr;
};

} // namespace

Result<Replayed> replay(std::istream &recording, std::ostream &transcript) {
    Player player(transcript);
    uint64_t number = 0;
    for (std::string text; std::getline(recording, text);) {
        ++number;
        const auto at = [number] { return "line " + std::to_string(number) + ": "; };
        // A daemon that was killed leaves half a line at the end.
        if (recording.eof() && !text.ends_with('}')) break;
        const Result<Line> line = parse(text);
        if (!line) return Error{at() + line.error().message};
        if (const std::string wrong = player.play(*line); !wrong.empty())
            return Error{at() + wrong};
        if (player.replayed.cut_short) break;
    }
    return player.replayed;
}

} // namespace lagg::recording
