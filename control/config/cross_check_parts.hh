// The rules between tables, a kind in each file, and what they share.
#pragma once

#include "control/config/config.hh"
#include "control/config/positions.hh"

#include <map>
#include <string>

namespace lagg::config {

/// What the rules are about, and where it stands.
struct Document {
    const Config &config;
    const Positions &positions;

    /// Place of a key of the port or lagg of that number.
    Position port(size_t number, const std::string &key) const {
        return positions.of(item_path("port", number) + "." + key);
    }
    Position lagg(size_t number, const std::string &key) const {
        return positions.of(item_path("lagg", number) + "." + key);
    }
};

/// The first user of something that may be used once.
struct User {
    std::string called;
    Position at;
    size_t lagg = 0; ///< its number
};
using Users = std::map<std::string, User>;

std::string at_line(Position at);
/// As messages call a lagg: a good name stands for itself.
std::string called_of(const Lagg &lagg);

/// Names, devices and addresses that may be used once, and names that have to be there.
void check_names(const Document &document, Complaints &complaints);
/// Frames that would go round for ever.
void check_loops(const Document &document, Complaints &complaints);
/// What contradicts itself within a lagg.
void check_laggs(const Document &document, Complaints &complaints);

} // namespace lagg::config
