// Which vector instructions the hash is computed with: the build is for a baseline CPU, and what
// the CPU at hand can do is found out at run time.
#pragma once

#include "dataplane/distribute/spread.hh"

#include <span>

namespace lagg::distribute {

enum class InstructionSet {
    SCALAR, ///< plain C++: the reference
    AES,    ///< SSE4.2 and AES-NI: one packet an instruction
    VAES,   ///< AVX2 and VAES: two packets an instruction
};
const char *to_text(InstructionSet set);

/// What this CPU has, the fastest last.
std::span<const InstructionSet> supported_sets();

/// By the hash that the Spread holds; for a policy of NIC hashes, by these where there are any.
BucketFunction bucket_function(const Policy &policy, InstructionSet set = supported_sets().back());

/// Of the headers, whatever the NIC says.
HashFunction hash_function(const Policy &policy, InstructionSet set = supported_sets().back());

/// As bucket_function, up to the batches of so many members; nullptr where there is no such
/// function.
SpreadFunction spread_function(const Policy &policy, size_t members,
                               InstructionSet set = supported_sets().back());

/// One key's hash, as the instruction set computes it.
using KeyHash = uint32_t (*)(const FlowHash &, const frame::FlowKey &);
KeyHash key_hash(InstructionSet set = supported_sets().back());

} // namespace lagg::distribute
