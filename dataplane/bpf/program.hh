// A policy that a user wrote, checked and compiled. It can spread badly; it cannot hang, crash,
// read the packet, or send a frame to where the lagg would send none.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/bpf/lagg_policy.h"
#include "dataplane/bpf/native_code.hh"
#include "dataplane/bpf/verifier.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace lagg::bpf {

/// Immutable; any number of workers run it at the same time, each with a flow of its own.
class Program {
  public:
    /// Loads the object file that clang made. Takes milliseconds and a lock: not for a worker. An
    /// error names the file, and the line of C where there is one.
    static Result<std::shared_ptr<const Program>> load(const std::string &path);

    /// A hash of 32 bits, or LAGG_BUCKET(n); see bucket_of(). 0 after a division by zero.
    uint64_t run(lagg_flow &flow) const { return code_.function(&flow); }

    const std::string &path() const { return path_; }
    const std::string &name() const { return name_; } ///< of the function
    /// Never 0, and another one for each program that was loaded, where an address may come again.
    uint64_t generation() const { return generation_; }
    size_t instructions() const { return instructions_; }
    size_t native_size() const { return code_.size; } ///< octets
    const Reads &reads() const { return reads_; }

  private:
    Program() = default;

    NativeCode code_;
    std::string path_;
    std::string name_;
    size_t instructions_ = 0;
    uint64_t generation_ = 0;
    Reads reads_;
};

/// The bucket that a policy's result means, whatever it is: always below distribute::kBuckets.
constexpr uint16_t bucket_of(uint64_t result) {
    return static_cast<uint16_t>(result >> 32 == 1 ? result & (LAGG_BUCKETS - 1)
                                                   : (result & 0xffffffff) >> 20);
}

} // namespace lagg::bpf
