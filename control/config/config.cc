// What the configuration's values are called.
#include "control/config/choices.hh"

namespace lagg::config {

const char *to_text(Protocol protocol) {
    return word_of(kProtocols, protocol);
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
