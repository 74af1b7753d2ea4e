// Parts of tcpdump's language that a filter may not use, because libpcap would take long over them:
// it asks a name server for each name of a host, and its time grows with the cube of what is
// compared.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lagg::bpf {

inline constexpr size_t kMostFilterBytes = 4096;
/// Tests that are joined by "and" and "or".
inline constexpr size_t kMostFilterTests = 64;

/// Half a sentence that says what is wrong with the text, and the way out. Whether it is in the
/// language at all is for libpcap to say.
std::optional<std::string> objection_to(std::string_view expression);

} // namespace lagg::bpf
