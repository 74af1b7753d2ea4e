// What the configuration's values are called, and what follows from them.
#include "control/config/choices.hh"

#include <algorithm>

namespace lagg::config {

bool Upper::has_interface() const {
    return choice_of(kUpperKinds, kind).has_interface;
}

bool is_member(const Lagg &lagg, const std::string &port) {
    return std::ranges::find(lagg.ports, port) != lagg.ports.end();
}

bool comes_out_at(const Lagg &lagg, const std::string &port) {
    return !port.empty() && lagg.upper.port == port;
}

bool uses_port(const Lagg &lagg, const std::string &port) {
    return is_member(lagg, port) || comes_out_at(lagg, port);
}

const char *to_text(Protocol protocol) {
    return traits_of(protocol).word;
}

const char *to_text(UpperKind kind) {
    return word_of(kUpperKinds, kind);
}

const char *to_text(Weights weights) {
    return word_of(kWeights, weights);
}

const char *to_text(Select select) {
    return word_of(kSelects, select);
}

const char *to_text(Fallback fallback) {
    return word_of(kFallbacks, fallback);
}

} // namespace lagg::config
