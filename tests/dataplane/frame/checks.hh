// Requirements of the parser's tests on a key, and how they call a parser so that a sanitizer sees
// every octet it reads too far.
#pragma once

#include "dataplane/frame/flow_key.hh"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace lagg::frame {

using Parser = FlowKey (*)(std::span<const uint8_t>);

/// Parses from a heap block that ends where the frame does.
inline FlowKey exactly(Parser parser, const uint8_t *data, size_t size) {
    const auto block = std::make_unique<uint8_t[]>(size);
    std::copy_n(data, size, block.get());
    return parser({block.get(), size});
}

std::string describe(const FlowKey &key);

/// The fields up to the ethertype are the same.
bool same_link(const FlowKey &a, const FlowKey &b);
/// The fields from ip_version on are the same.
bool same_ip(const FlowKey &a, const FlowKey &b);

/// Whether fields that are cut off are zero: none is made of half of its octets or of others.
bool is_part_of(const FlowKey &cut, const FlowKey &whole);

/// The fields that have to be zero, as others say, are.
bool is_coherent(const FlowKey &key);

} // namespace lagg::frame
