// Keeps the actions of a System for a test to look at.
#pragma once

#include "lacp/lacpdu.hh"
#include "lacp/marker.hh"
#include "lacp/system.hh"

#include <vector>

namespace lagg::lacp {

inline constexpr Time at(std::chrono::milliseconds since_start) {
    return {since_start};
}

class Recorder : public ActionSink {
  public:
    void on_action(const Action &action) override { actions.push_back(action); }

    template <class T> std::vector<T> all() const {
        std::vector<T> found;
        for (const Action &action : actions) {
            if (const T *value = std::get_if<T>(&action)) found.push_back(*value);
        }
        return found;
    }
    std::vector<Lacpdu> lacpdus() const {
        std::vector<Lacpdu> found;
        for (const SendFrame &send : all<SendFrame>()) {
            if (classify(send.frame) == SlowProtocol::LACP) {
                found.push_back(*decode_lacpdu(send.frame));
            }
        }
        return found;
    }
    std::vector<MarkerPdu> markers() const {
        std::vector<MarkerPdu> found;
        for (const SendFrame &send : all<SendFrame>()) {
            if (classify(send.frame) == SlowProtocol::MARKER) {
                found.push_back(*decode_marker(send.frame));
            }
        }
        return found;
    }

    std::vector<Action> actions;
};

} // namespace lagg::lacp
