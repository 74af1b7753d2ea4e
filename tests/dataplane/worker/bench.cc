#include "tests/dataplane/worker/bench.hh"

#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/worker/tsan_edges.hh"

#include <rte_mbuf.h>

#include <cstring>
#include <thread>

namespace lagg::worker {

namespace {

constexpr uint32_t kBuffers = 8192;
constexpr unsigned kUpperSize = 4096;
/// Destination, source, ethertype; then the tag.
constexpr size_t kTagOffset = 14;

} // namespace

rte_mbuf *make_frame(const port::PacketPool &pool, std::span<const uint8_t> bytes) {
    rte_mbuf *frame = rte_pktmbuf_alloc(pool.get());
    if (frame == nullptr) throw std::runtime_error("the pool is empty");
    std::memcpy(rte_pktmbuf_append(frame, static_cast<uint16_t>(bytes.size())), bytes.data(),
                bytes.size());
    return frame;
}

rte_mbuf *make_frame(const port::PacketPool &pool, Tag tag, uint16_t size) {
    std::vector<uint8_t> bytes(size);
    const auto flow = static_cast<uint8_t>(tag.flow);
    const uint8_t header[kTagOffset] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, flow, 0x88, 0xb5};
    std::memcpy(bytes.data(), header, sizeof header);
    std::memcpy(bytes.data() + kTagOffset, &tag, sizeof tag);
    return make_frame(pool, bytes);
}

bool is_test_frame(const rte_mbuf *frame) {
    const auto *bytes = rte_pktmbuf_mtod(frame, const uint8_t *);
    return frame->data_len >= kTagOffset + sizeof(Tag) && bytes[12] == 0x88 && bytes[13] == 0xb5;
}

Tag take_tag(rte_mbuf *frame) {
    Tag tag;
    EXPECT_TRUE(is_test_frame(frame));
    std::memcpy(&tag, rte_pktmbuf_mtod(frame, const uint8_t *) + kTagOffset, sizeof tag);
    rte_pktmbuf_free(frame);
    return tag;
}

bool is_slow(const rte_mbuf *frame) {
    return frame::is_slow_protocol({rte_pktmbuf_mtod(frame, const uint8_t *), frame->data_len});
}

void free_frame(rte_mbuf *frame) {
    rte_pktmbuf_free(frame);
}

// ---- building and taking down -------------------------------------------------------------------

Bench::Bench(const Plan &plan) : cable_size_(plan.cable_size), frees_fast_(plan.frees_fast) {
    Result<std::unique_ptr<port::PacketPool>> pool = port::PacketPool::create(kBuffers);
    if (!pool) throw std::runtime_error(pool.error().message);
    pool_ = std::move(*pool);
    watch_pool(pool_->get());
    watch_pool(pool_->slow());
    std::vector<unsigned> lcores;
    for (unsigned worker = 0; worker < plan.workers; ++worker)
        lcores.push_back(worker + 1);
    fleet_ = Fleet::launch(lcores, *pool_, true);
    protocol_ = std::make_unique<aggregation::ProtocolThread>(
        *fleet_, nullptr,
        aggregation::Hooks{.carrier = [](const std::string &, auto, bool) {},
                           .speed = [](port::DeviceId, unsigned) {}},
        [this] { return aggregation::ProtocolThread::now() + ahead_; });
    make_side(A, plan);
    if (plan.two_laggs) make_side(B, plan);
    start(A);
    if (plan.two_laggs) start(B);
    EXPECT_TRUE(wait_settled());
    quiet();
}

Bench::~Bench() {
    protocol_.reset();
    fleet_.reset();
    sides_.clear();
    rings_.clear();
    EXPECT_EQ(pool_->use().free, pool_->use().total) << "packet buffers are lost";
    EXPECT_EQ(pool_->slow_use().free, pool_->slow_use().total) << "buffers of our own are lost";
}

std::vector<Ring *> Bench::make_rings(unsigned size, unsigned queues) {
    std::vector<Ring *> made;
    for (unsigned queue = 0; queue < queues; ++queue)
        made.push_back(&rings_.emplace_back(size));
    return made;
}

void Bench::make_side(Side side, const Plan &plan) {
    const std::string letter = side == A ? "a" : "b";
    SideParts &parts = sides_.emplace_back();
    const unsigned upper_queues = plan.upper_queues == 0 ? plan.queues : plan.upper_queues;
    parts.to_lagg = make_rings(kUpperSize, upper_queues);
    parts.from_lagg = make_rings(kUpperSize, upper_queues);
    parts.upper =
        std::make_unique<RingDevice>(letter + "up", parts.to_lagg, parts.from_lagg, *pool_);
    parts.config.name = side == A ? "lagg0" : "lagg1";
    parts.config.protocol = plan.protocol;
    parts.config.lacp.fast = true;
    parts.identity = {.mac = {2, 0, 0, 0, 0xff, static_cast<uint8_t>(side)},
                      .hash_seed = 1,
                      .slot = static_cast<uint8_t>(side)};
    for (unsigned cable = 0; cable < plan.cables; ++cable) {
        const std::string name = letter + std::to_string(cable);
        parts.from_port.push_back(side == A ? make_rings(plan.cable_size, plan.queues)
                                            : sides_[A].to_port[cable]);
        parts.to_port.push_back(side == A ? make_rings(plan.cable_size, plan.queues)
                                          : sides_[A].from_port[cable]);
        parts.ports.push_back(std::make_unique<RingDevice>(name, parts.to_port[cable],
                                                           parts.from_port[cable], *pool_));
        parts.config.ports.push_back(name);
    }
    plan.adjust(parts.config);
}

void Bench::start(Side side) {
    SideParts &parts = sides_[side];
    aggregation::WantedLagg wanted{
        .config = parts.config,
        .identity = parts.identity,
        .upper = {
            .endpoint = {.id = parts.upper->id(), .receive_queues = parts.upper->port().queues()},
            .queues = parts.upper->port().queues(),
            .text = "port:up"}};
    for (unsigned cable = 0; cable < parts.ports.size(); ++cable)
        wanted.ports.push_back(
            {.name = parts.config.ports[cable], .attached = attached(side, cable)});
    protocol_->call([&](aggregation::Engine &engine, lacp::Time now) {
        engine.put(std::span(&wanted, 1), now);
    });
}

aggregation::AttachedPort Bench::attached(Side side, unsigned cable) {
    const port::Port &port = sides_[side].ports[cable]->port();
    return {.name = port.name(),
            .device_text = port.name(),
            .driver = port.driver(),
            .device = port.device(),
            .number = static_cast<lacp::PortNumber>(cable + 1),
            .mac = port.mac(),
            .queues = port.queues(),
            .rx_descriptors = static_cast<uint16_t>(cable_size_),
            .link_source = port.link_source(),
            .interface_index = 0,
            .frees_fast = frees_fast_,
            .lacp = {}};
}

// ---- the operator -------------------------------------------------------------------------------

void Bench::attach(Side side, unsigned cable) {
    want(side, [&](aggregation::WantedLagg &wanted) {
        wanted.ports[cable].attached = attached(side, cable);
    });
}

void Bench::detach(Side side, unsigned cable) {
    protocol_->call([&](aggregation::Engine &engine, lacp::Time now) {
        engine.detach(sides_[side].config.name, sides_[side].config.ports[cable], now);
    });
}

void Bench::reconfigure(Side side, const std::function<void(config::Lagg &)> &change,
                        const aggregation::Policies &policies) {
    SideParts &parts = sides_[side];
    change(parts.config);
    want(side, [&](aggregation::WantedLagg &wanted) {
        wanted.config = parts.config;
        wanted.policies = policies;
    });
}

void Bench::want(Side side, const std::function<void(aggregation::WantedLagg &)> &change) {
    protocol_->call([&](aggregation::Engine &engine, lacp::Time now) {
        aggregation::WantedLagg wanted = engine.in_force(sides_[side].config.name);
        change(wanted);
        engine.put(std::span(&wanted, 1), now);
    });
}

void Bench::set_protocol(Side side, Protocol protocol) {
    reconfigure(side, [&](config::Lagg &config) { config.protocol = protocol; });
}

api::Lagg Bench::describe(Side side) {
    api::Lagg found;
    protocol_->call([&](aggregation::Engine &engine, lacp::Time now) {
        for (const api::Lagg &lagg : engine.describe(now))
            if (lagg.name == sides_[side].config.name) found = lagg;
    });
    return found;
}

unsigned Bench::distributing(Side side) {
    unsigned count = 0;
    for (const api::Port &port : describe(side).ports)
        count += port.distributing ? 1 : 0;
    return count;
}

bool Bench::wait_distributing(unsigned ports) {
    const auto all = [&] {
        pass_waiting();
        for (size_t side = 0; side < sides_.size(); ++side)
            if (distributing(static_cast<Side>(side)) != ports) return false;
        return true;
    };
    return wait_until(all) && wait_settled();
}

void Bench::put_forward(lacp::Duration time) {
    protocol_->call([&](aggregation::Engine &, lacp::Time) { ahead_ += time; });
}

// A port that changed a moment ago may have flows on the move, and the time of their Markers would
// pass as well. One that is detached should speak to its partner first, and to skip the same wait
// twice would come too near to the time after which a partner counts as lost.
void Bench::pass_waiting() {
    constexpr lacp::Duration kSkipped = lacp::kAggregateWaitTime - 100ms;
    constexpr double kJustBegun = 0.5;
    constexpr double kMoveLasts = 0.1;
    protocol_->call([&](aggregation::Engine &engine, lacp::Time now) {
        bool waits = false;
        for (const api::Lagg &lagg : engine.describe(now))
            for (const api::Port &port : lagg.ports) {
                if (!port.lacp || !port.link_up) continue;
                const api::MuxState mux = port.lacp->machines.mux;
                const double since = port.lacp->last_change_seconds;
                const bool waiting = mux == api::MuxState::WAITING;
                if (mux == api::MuxState::DETACHED || (!waiting && since < kMoveLasts)) return;
                waits = waits || (waiting && since < kJustBegun);
            }
        if (waits) ahead_ += kSkipped;
    });
}

// ---- the clients --------------------------------------------------------------------------------

bool Bench::send(Side side, Tag tag, unsigned queue) {
    return sides_[side].to_lagg[queue]->push(make_frame(*pool_, tag));
}

bool Bench::send(Side side, std::span<const uint8_t> bytes) {
    return sides_[side].to_lagg[0]->push(make_frame(*pool_, bytes));
}

// A failover lagg announces itself in frames of its own, which are none of the client's.
std::vector<Tag> Bench::receive(Side side) {
    std::vector<Tag> tags;
    for (Ring *ring : sides_[side].from_lagg)
        while (rte_mbuf *frame = ring->pop()) {
            EXPECT_FALSE(is_slow(frame)) << "a slow-protocol frame came out at the upper side";
            if (is_test_frame(frame))
                tags.push_back(take_tag(frame));
            else
                rte_pktmbuf_free(frame);
        }
    return tags;
}

Ring &Bench::from_port(Side side, unsigned cable, unsigned queue) {
    return *sides_[side].from_port[cable][queue];
}
Ring &Bench::to_port(Side side, unsigned cable, unsigned queue) {
    return *sides_[side].to_port[cable][queue];
}

bool Bench::wait_until(const std::function<bool()> &condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(100us);
    }
    return true;
}

/// Rings that a worker reads; what it wrote for the test to read does not count.
bool Bench::rings_empty() const {
    for (const SideParts &side : sides_) {
        for (const Ring *ring : side.to_lagg)
            if (ring->count() != 0) return false;
        for (const auto &cable : side.to_port)
            for (const Ring *ring : cable)
                if (ring->count() != 0) return false;
    }
    return true;
}

// A frame is picked up twice on its way, and each time lies in a ring again at the end of the
// round.
void Bench::quiet() {
    unsigned rounds_empty = 0;
    const bool became_quiet = wait_until([&] {
        rounds_empty = rings_empty() && wait_settled() ? rounds_empty + 1 : 0;
        return rounds_empty == 3;
    });
    EXPECT_TRUE(became_quiet) << "frames lie in rings that a worker should read";
}

void Bench::check_balance(Side side, uint64_t copies) {
    const DeviceTotals up = upper_totals(side);
    uint64_t sent = 0;
    uint64_t received = 0;
    for (unsigned cable = 0; cable < sides_[side].ports.size(); ++cable) {
        const DeviceTotals port = totals(side, cable);
        sent += port.tx_packets + port.tx_full;
        received += port.rx_packets - port.slow_rx - port.mac_control_rx - port.rx_not_collecting;
    }
    EXPECT_EQ((up.rx_packets - up.tx_no_member) * copies, sent);
    EXPECT_EQ(received, up.tx_packets + up.tx_full);
}

std::vector<Tag> pump(Bench &bench, Side from, uint32_t frames, uint32_t flows,
                      const std::function<void(uint32_t sent)> &between) {
    constexpr uint32_t kInFlight = 256;
    const Side to = from == A ? B : A;
    std::vector<Tag> came;
    const auto take = [&] {
        const std::vector<Tag> more = bench.receive(to);
        came.insert(came.end(), more.begin(), more.end());
    };
    for (uint32_t sent = 0; sent < frames;) {
        for (uint32_t i = 0; i < kInFlight && sent < frames; ++i, ++sent)
            EXPECT_TRUE(bench.send(from, {.flow = sent % flows, .number = sent}));
        if (between) between(sent);
        bench.quiet();
        take();
    }
    return came;
}

} // namespace lagg::worker
