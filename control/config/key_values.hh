// Keys whose values have a syntax of their own, and occur in several tables.
#pragma once

#include "control/config/config.hh"
#include "control/config/key_kinds.hh"

namespace lagg::config {

/// An absolute path; nothing where it is absent or wrong. `example` stands in the complaint.
std::optional<std::string> read_path(TableReader &reader, std::string_view key,
                                     const char *example);
/// A unicast MAC address; nothing where it is absent or wrong.
std::optional<MacAddress> read_mac(TableReader &reader, std::string_view key);

Form path_form();
Form mac_form();

/// A path that is empty while there is none. The example of `facts` is needed.
template <typename Struct>
Key<Struct> path(const char *key, std::string Struct::*place, const Facts &facts) {
    return {row_of(key, path_form(), facts),
            [=](TableReader &reader, Struct &value) {
                if (auto read = read_path(reader, key, facts.example))
                    value.*place = *std::move(read);
            },
            [=](const Struct &value) -> std::optional<Node> {
                if ((value.*place).empty()) return std::nullopt;
                return node_of(value.*place);
            }};
}

template <typename Struct>
Key<Struct> mac(const char *key, std::optional<MacAddress> Struct::*place, const Facts &facts) {
    return {row_of(key, mac_form(), facts),
            [=](TableReader &reader, Struct &value) {
                if (const auto read = read_mac(reader, key)) value.*place = *read;
            },
            [=](const Struct &value) -> std::optional<Node> {
                if (!(value.*place)) return std::nullopt;
                return node_of(lagg::to_string(*(value.*place)));
            }};
}

} // namespace lagg::config
