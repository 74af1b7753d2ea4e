// Names of the configuration's words.
#include "control/config/config.hh"

#include <cassert>

namespace lagg::config {

const char *to_text(Protocol protocol) {
    switch (protocol) {
    case Protocol::LACP: return "lacp";
    case Protocol::FAILOVER: return "failover";
    case Protocol::LOADBALANCE: return "loadbalance";
    case Protocol::ROUNDROBIN: return "roundrobin";
    case Protocol::BROADCAST: return "broadcast";
    case Protocol::NONE: return "none";
    }
    assert(false);
    return "";
}

const char *to_text(UpperKind kind) {
    switch (kind) {
    case UpperKind::KERNEL: return "kernel";
    case UpperKind::PORT: return "port";
    case UpperKind::NONE: return "none";
    }
    assert(false);
    return "";
}

const char *to_text(Weights weights) {
    switch (weights) {
    case Weights::EQUAL: return "equal";
    case Weights::SPEED: return "speed";
    }
    assert(false);
    return "";
}

const char *to_text(Select select) {
    switch (select) {
    case Select::STABLE: return "stable";
    case Select::BANDWIDTH: return "bandwidth";
    case Select::COUNT: return "count";
    case Select::PARTNER_PRIORITY: return "partner_priority";
    }
    assert(false);
    return "";
}

const char *to_text(Fallback fallback) {
    switch (fallback) {
    case Fallback::NONE: return "none";
    case Fallback::STATIC: return "static";
    case Fallback::INDIVIDUAL: return "individual";
    }
    assert(false);
    return "";
}

} // namespace lagg::config
