#include "dataplane/worker/fleet.hh"

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>
#include <cstring>

namespace lagg::worker {

namespace {

int run_worker(void *worker) {
    static_cast<Worker *>(worker)->run();
    return 0;
}

/// Buffers of the packet pool that are kept for frames of our own: what all ports send in seconds.
constexpr size_t kPutAside = 64;

} // namespace

std::unique_ptr<Fleet> Fleet::launch(const std::vector<unsigned> &lcores,
                                     const port::PacketPool &pool, bool may_sleep) {
    assert(!lcores.empty());
    assert(lcores.size() <= kMaxWorkers);
    std::unique_ptr<Fleet> fleet(new Fleet(pool));
    fleet->shared_.slow_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(fleet->shared_.slow_event >= 0);
    fleet->lcores_ = lcores;
    fleet->shared_.pool = pool.get();
    fleet->shared_.may_sleep = may_sleep;
    const size_t size = rte_rcu_qsbr_get_memsize(kMaxWorkers);
    fleet->shared_.rcu =
        static_cast<rte_rcu_qsbr *>(rte_zmalloc("lagg_rcu", size, RTE_CACHE_LINE_SIZE));
    assert(fleet->shared_.rcu != nullptr);
    rte_rcu_qsbr_init(fleet->shared_.rcu, kMaxWorkers);
    for (unsigned index = 0; index < lcores.size(); ++index) {
        fleet->workers_.push_back(std::make_unique<Worker>(fleet->shared_, index));
        const int code =
            rte_eal_remote_launch(run_worker, fleet->workers_.back().get(), lcores[index]);
        assert(code == 0);
    }
    return fleet;
}

Fleet::~Fleet() {
    shared_.stop.store(true, std::memory_order_relaxed);
    for (unsigned lcore : lcores_)
        rte_eal_wait_lcore(lcore);
    for (rte_mbuf *buffer : aside_)
        rte_pktmbuf_free(buffer);
    rte_free(shared_.rcu);
    close(shared_.slow_event);
}

DeviceTotals Fleet::totals(EndpointId endpoint) const {
    DeviceTotals sum;
    for (const std::unique_ptr<Worker> &worker : workers_)
        sum.add(worker->counters(endpoint));
    if (endpoint < unsent_.size()) sum.add(unsent_[endpoint]);
    return sum;
}

std::array<uint32_t, distribute::kBuckets> Fleet::bucket_octets(uint8_t lagg_slot) const {
    std::array<uint32_t, distribute::kBuckets> sums{};
    for (const std::unique_ptr<Worker> &worker : workers_) {
        const BucketLoads &loads = worker->bucket_loads(lagg_slot);
        for (size_t b = 0; b < sums.size(); ++b)
            sums[b] += loads.octets[b].load(std::memory_order_relaxed);
    }
    return sums;
}

void Fleet::publish(std::unique_ptr<ForwardingState> state) {
    state->generation = ++generation_;
    shared_.state.store(state.get(), std::memory_order_release);
    if (current_) retired_.push_back({start_grace(), std::move(current_)});
    current_ = std::move(state);
    reclaim();
}

uint64_t Fleet::start_grace() {
    return rte_rcu_qsbr_start(shared_.rcu);
}

bool Fleet::passed(uint64_t token) const {
    return rte_rcu_qsbr_check(shared_.rcu, token, false) == 1;
}

bool Fleet::slow_rings_empty() const {
    for (const std::unique_ptr<Worker> &worker : workers_)
        if (rte_ring_empty(worker->slow_to_send()) == 0) return false;
    return true;
}

void Fleet::reclaim() {
    while (!retired_.empty() && passed(retired_.front().token))
        retired_.pop_front();
    put_aside();
}

uint64_t Fleet::start_flush(port::DeviceId device) {
    const uint64_t token = shared_.flush_wanted.load(std::memory_order_relaxed) + 1;
    shared_.flush_of_device[device].store(token, std::memory_order_relaxed);
    shared_.flush_wanted.store(token, std::memory_order_release);
    return token;
}

bool Fleet::flushed(uint64_t token) const {
    for (const std::unique_ptr<Worker> &worker : workers_)
        if (worker->flushed() < token) return false;
    return true;
}

// Data can take every buffer of its pool, and a partner that hears nothing for three seconds lets
// go of the link. So frames of our own have a pool for themselves; but a driver that frees fast
// gives all it sent to one pool, and gets the buffers that were put aside when there are no others.
rte_mbuf *Fleet::make_buffer(port::DeviceId device) {
    if (!current_->frees_fast.test(device)) return rte_pktmbuf_alloc(pool_.slow());
    rte_mbuf *buffer = rte_pktmbuf_alloc(pool_.get());
    if (buffer != nullptr || aside_.empty()) return buffer;
    buffer = aside_.back();
    aside_.pop_back();
    return buffer;
}

void Fleet::put_aside() {
    if (!current_ || current_->frees_fast.none()) return;
    while (aside_.size() < kPutAside) {
        rte_mbuf *buffer = rte_pktmbuf_alloc(pool_.get());
        if (buffer == nullptr) return;
        aside_.push_back(buffer);
    }
}

bool Fleet::send_slow(port::DeviceId device, std::span<const uint8_t> frame, uint16_t queue) {
    if (this->queue(device, frame, queue)) return true;
    count_unsent(unsent_[device], frame);
    return false;
}

rte_mbuf *Fleet::make_frame(port::DeviceId device, std::span<const uint8_t> frame, uint16_t queue) {
    rte_mbuf *buffer = make_buffer(device);
    if (buffer == nullptr) return nullptr;
    assert(frame.size() <= port::kSlowBufferBytes);
    std::memcpy(rte_pktmbuf_append(buffer, static_cast<uint16_t>(frame.size())), frame.data(),
                frame.size());
    buffer->port = device;
    buffer->hash.usr = queue;
    return buffer;
}

bool Fleet::queue(port::DeviceId device, std::span<const uint8_t> frame, uint16_t queue) {
    if (!current_ || queue >= current_->slow_queues[device]) return false;
    const size_t worker = (current_->slow_worker[device] + queue) % workers_.size();
    rte_mbuf *buffer = make_frame(device, frame, queue);
    if (buffer == nullptr) return false;
    if (rte_ring_enqueue(workers_[worker]->slow_to_send(), buffer) == 0) return true;
    rte_pktmbuf_free(buffer);
    return false;
}

uint64_t Fleet::on_their_way(port::DeviceId device) const {
    uint64_t gone = 0;
    for (const std::unique_ptr<Worker> &worker : workers_)
        gone += worker->counters(device).announcements.value();
    return announced_[device] - gone;
}

Fleet::Announced Fleet::announce(port::DeviceId device, std::span<const uint8_t> frame) {
    if (!current_ || current_->slow_queues[device] == 0) return Announced::NOWHERE;
    if (on_their_way(device) >= kMostAnnouncements) return Announced::LATER;
    rte_mbuf *buffer = make_frame(device, frame, 0);
    if (buffer == nullptr) return Announced::LATER;
    rte_ring *ring = workers_[current_->slow_worker[device]]->announcements();
    if (rte_ring_enqueue(ring, buffer) != 0) {
        rte_pktmbuf_free(buffer);
        return Announced::LATER;
    }
    ++announced_[device];
    return Announced::QUEUED;
}

void Fleet::receive_slow(
    const std::function<void(port::DeviceId, std::span<const uint8_t>)> &handle, unsigned limit) {
    // Before the rings are looked at: what comes later is told of once more.
    uint64_t times = 0;
    if (shared_.slow_told.exchange(false, std::memory_order_acq_rel)) {
        [[maybe_unused]] const ssize_t got = read(shared_.slow_event, &times, sizeof times);
    }
    for (const std::unique_ptr<Worker> &worker : workers_) {
        void *element = nullptr;
        for (unsigned i = 0; i < limit && rte_ring_dequeue(worker->slow_received(), &element) == 0;
             ++i) {
            auto *frame = static_cast<rte_mbuf *>(element);
            handle(frame->port, {rte_pktmbuf_mtod(frame, const uint8_t *), frame->data_len});
            worker->note_taken(frame->port);
            rte_pktmbuf_free(frame);
        }
    }
}

} // namespace lagg::worker
