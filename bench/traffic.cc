#include "bench/traffic.hh"

#include "bench/sinks.hh"

#include <rte_mbuf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <emmintrin.h>
#include <initializer_list>
#include <random>

namespace lagg::bench {

namespace {

/// Appends the octets of a header after the other.
class Writer {
  public:
    explicit Writer(uint8_t *at) : begin_(at), at_(at) {}
    Writer &octets(std::initializer_list<int> values) {
        for (const int value : values)
            *at_++ = static_cast<uint8_t>(value);
        return *this;
    }
    Writer &number(uint64_t value, unsigned size) {
        for (unsigned i = size; i-- > 0;)
            *at_++ = static_cast<uint8_t>(value >> i * 8);
        return *this;
    }
    Writer &zeros(unsigned count) {
        std::memset(at_, 0, count);
        at_ += count;
        return *this;
    }
    unsigned size() const { return static_cast<unsigned>(at_ - begin_); }

  private:
    uint8_t *begin_;
    uint8_t *at_;
};

/// A flow's number scattered over what tells flows apart, one to one.
struct Flow {
    uint32_t source;
    uint32_t destination;
    uint16_t source_port;
    uint16_t destination_port;

    explicit Flow(uint32_t number)
        : source(0x0a000000 | (number * 2654435761u >> 8 & 0xffffff)),
          destination(0x0a800000 | (number * 40503u & 0x7fffff)),
          source_port(static_cast<uint16_t>(1024 + number % 50000)), destination_port(443) {}
};

void write_ethernet(Writer &to, const Flow &flow, std::initializer_list<int> type) {
    to.octets({2, 0}).number(flow.destination, 4).octets({2, 1}).number(flow.source, 4);
    to.octets(type);
}

void write_ipv4(Writer &to, const Flow &flow, int protocol, int fragment = 0) {
    to.octets({0x45, 0, 0, 46, 0, 1, fragment, 0, 64, protocol, 0, 0});
    to.number(flow.source, 4).number(flow.destination, 4);
}

void write_ipv6(Writer &to, const Flow &flow) {
    to.octets({0x60, 0, 0, 0, 0, 20, 17, 64}).octets({0x20, 0x01, 0x0d, 0xb8}).zeros(8);
    to.number(flow.source, 4).octets({0x20, 0x01, 0x0d, 0xb8}).zeros(8);
    to.number(flow.destination, 4);
}

void write_ports(Writer &to, const Flow &flow) {
    to.number(flow.source_port, 2).number(flow.destination_port, 2).octets({0, 26, 0, 0});
}

void write_vxlan(Writer &to, const Flow &flow) {
    const Flow tunnel(0);
    write_ethernet(to, tunnel, {0x08, 0x00});
    write_ipv4(to, tunnel, 17);
    to.octets({0xc0, 0, 4789 >> 8, 4789 & 0xff, 0, 80, 0, 0, 8, 0, 0, 0, 0, 0, 42, 0});
    write_ethernet(to, flow, {0x08, 0x00});
    write_ipv4(to, flow, 17);
    write_ports(to, flow);
}

unsigned write_frame(uint8_t *at, Kind kind, uint32_t number) {
    const Flow flow(number);
    Writer to(at);
    switch (kind) {
    case Kind::MIXED:
        return write_frame(at, static_cast<Kind>(number % static_cast<unsigned>(Kind::MIXED)),
                           number);
    case Kind::IPV4:
        write_ethernet(to, flow, {0x08, 0x00});
        write_ipv4(to, flow, 17);
        write_ports(to, flow);
        break;
    case Kind::IPV6:
        write_ethernet(to, flow, {0x86, 0xdd});
        write_ipv6(to, flow);
        write_ports(to, flow);
        break;
    case Kind::VLAN:
    case Kind::QINQ:
        write_ethernet(to, flow, {0x81, 0x00, 0, 5});
        if (kind == Kind::QINQ) to.octets({0x81, 0x00, 0, 6});
        to.octets({0x08, 0x00});
        write_ipv4(to, flow, 17);
        write_ports(to, flow);
        break;
    case Kind::VXLAN: write_vxlan(to, flow); break;
    case Kind::FRAGMENTS:
        write_ethernet(to, flow, {0x08, 0x00});
        write_ipv4(to, flow, 17, 0x20);
        write_ports(to, flow);
        break;
    }
    return to.size();
}

constexpr unsigned kSmallest = 60; ///< octets without FCS

void set_length(rte_mbuf *frame, uint16_t octets) {
    frame->data_len = octets;
    frame->pkt_len = octets;
}

} // namespace

const char *to_text(Kind kind) {
    switch (kind) {
    case Kind::IPV4: return "ipv4";
    case Kind::IPV6: return "ipv6";
    case Kind::VLAN: return "vlan";
    case Kind::QINQ: return "qinq";
    case Kind::VXLAN: return "vxlan";
    case Kind::FRAGMENTS: return "fragments";
    case Kind::MIXED: return "mixed";
    }
    return "";
}

Traffic::Traffic(Kind kind, unsigned flows) : kind_(kind), flows_(flows) {
    std::mt19937 random(42);
    for (uint32_t i = 0; i < flows; i++)
        order_.push_back(i);
    std::shuffle(order_.begin(), order_.end(), random);
    take_buffers();
    for (unsigned i = 0; i < kPackets; i++)
        write_flow(frames_[i], order_[i % flows_]);
    measure_frames();
}

Traffic::Traffic(const std::vector<std::vector<uint8_t>> &frames) {
    take_buffers();
    for (unsigned i = 0; i < kPackets; i++) {
        const std::vector<uint8_t> &octets = frames[i % frames.size()];
        const auto size = std::max<size_t>(octets.size(), kSmallest);
        auto *data = rte_pktmbuf_mtod(frames_[i], uint8_t *);
        std::memset(data, 0, size);
        std::ranges::copy(octets, data);
        set_length(frames_[i], static_cast<uint16_t>(size));
    }
    measure_frames();
}

void Traffic::take_buffers() {
    for (unsigned i = 0; i < kPackets; i++) {
        rte_mbuf *frame = rte_pktmbuf_alloc(frame_pool());
        if (frame == nullptr) std::abort();
        frames_.push_back(frame);
    }
}

/// Every flow of a kind makes frames of the same length, or, of a mix, of the next shape's.
void Traffic::measure_frames() {
    uint32_t sum = 0;
    for (const rte_mbuf *frame : frames_) {
        lengths_.push_back(frame->data_len);
        sum += frame->data_len;
    }
    octets_ = static_cast<uint16_t>(sum / kPackets);
}

Traffic::~Traffic() {
    for (rte_mbuf *frame : frames_)
        rte_pktmbuf_free(frame);
}

void Traffic::write_flow(rte_mbuf *frame, uint32_t flow) const {
    auto *data = rte_pktmbuf_mtod(frame, uint8_t *);
    set_length(frame, static_cast<uint16_t>(std::max(write_frame(data, kind_, flow), kSmallest)));
}

std::vector<rte_mbuf *> &Traffic::next() {
    if (is_rewritten())
        for (rte_mbuf *frame : frames_)
            write_flow(frame, order_[sent_++ % flows_]);
    return again();
}

std::vector<rte_mbuf *> &Traffic::again() {
    pass_ = frames_;
    return pass_;
}

void Traffic::cool() const {
    for (const rte_mbuf *frame : frames_) {
        const auto *data = rte_pktmbuf_mtod(frame, const char *);
        _mm_clflush(data);
        _mm_clflush(data + 64);
    }
    _mm_mfence();
}

} // namespace lagg::bench
