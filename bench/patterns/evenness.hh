// How evenly flows lie on members, and who is who among the flows of a policy. What is equal here
// is said by the fields alone and not by the hash, so that a hash that throws flows together cannot
// hide it by making them few.
#pragma once

#include "bench/patterns/patterns.hh"
#include "dataplane/distribute/policy.hh"

#include <cstdint>
#include <span>
#include <vector>

namespace lagg::bench {

/// By flow: its member, or its number.
using Numbers = std::vector<uint32_t>;

/// The greatest load of a member in terms of the mean; 1 is perfect, `members` is all on one.
struct Evenness {
    double flows = 0;
    double bytes = 0;
};

/// A number for each frame, from 0 on; frames that the policy's fields do not tell apart have the
/// same.
Numbers flow_numbers(const Frames &frames, const distribute::Policy &policy);
/// How many different ones those are.
unsigned distinct(const Numbers &numbers);

/// The member of each frame, as laggd distributes over members of equal weight.
Numbers by_laggd(const Frames &frames, const distribute::Policy &policy, unsigned members);
/// Members drawn by lot, one for all frames of the same number: what chance gives.
Numbers by_chance(const Numbers &numbers, unsigned members);

/// Each frame is a flow of so many octets that few of them carry most, as flows do.
Evenness evenness(std::span<const uint32_t> member_of, unsigned members);

} // namespace lagg::bench
