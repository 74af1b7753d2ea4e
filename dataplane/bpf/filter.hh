// A filter in the language of tcpdump, compiled to instructions of this processor: a rule of where
// frames go that needs neither C nor a compiler.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/bpf/native_code.hh"

#include <memory>
#include <string>

struct rte_mbuf;

namespace lagg::bpf {

/// Immutable; any number of workers ask it at the same time.
class Filter {
  public:
    /// `expression` as in pcap-filter(7), for Ethernet. Needs EAL, and takes a lock: not for a
    /// worker. An error quotes the expression and libpcap's complaint, or says what of it is not
    /// taken here (filter_text.hh). Of a text that somebody has compiled, and has still, it is that
    /// filter.
    static Result<std::shared_ptr<const Filter>> compile(const std::string &expression);

    /// Whether libpcap understands the expression; needs no EAL.
    static Result<void> check(const std::string &expression);

    /// A frame that is too short for what is asked does not match. The packet is not changed.
    bool matches(rte_mbuf *packet) const { return code_.function(packet) != 0; }

    const std::string &expression() const { return expression_; }

  private:
    Filter() = default;

    NativeCode code_;
    std::string expression_;
};

} // namespace lagg::bpf
