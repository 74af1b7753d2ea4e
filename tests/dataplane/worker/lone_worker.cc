#include "tests/dataplane/worker/lone_worker.hh"

#include "dataplane/distribute/instruction_set.hh"
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/worker/tsan_edges.hh"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <cstring>
#include <numeric>
#include <stdexcept>

namespace lagg::worker {

namespace {

constexpr uint32_t kLoneBuffers = 4096;
constexpr unsigned kLoneUpperSize = 1024;
constexpr unsigned kSilentRounds = 3;
constexpr size_t kHeaderSize = 14;

std::vector<uint8_t> slow_frame() {
    std::vector<uint8_t> bytes(124);
    const uint8_t header[] = {0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 9, 9, 0x88, 0x09, 2};
    std::copy(std::begin(header), std::end(header), bytes.begin());
    return bytes;
}

rte_rcu_qsbr *make_rcu() {
    auto *rcu = static_cast<rte_rcu_qsbr *>(
        rte_zmalloc(nullptr, rte_rcu_qsbr_get_memsize(kMaxWorkers), RTE_CACHE_LINE_SIZE));
    if (rcu == nullptr) throw std::runtime_error("no memory for RCU");
    rte_rcu_qsbr_init(rcu, kMaxWorkers);
    return rcu;
}

} // namespace

LoneWorker::LoneWorker(unsigned members, unsigned cable_size) {
    Result<std::unique_ptr<port::PacketPool>> pool = port::PacketPool::create(kLoneBuffers);
    if (!pool) throw std::runtime_error(pool.error().message);
    pool_ = std::move(*pool);
    watch_pool(pool_->get());
    to_lagg_ = &rings_.emplace_back(kLoneUpperSize);
    Ring *from_lagg = &rings_.emplace_back(kLoneUpperSize);
    upper_ = std::make_unique<RingDevice>("lone_up", std::vector{to_lagg_}, std::vector{from_lagg},
                                          *pool_);
    polling_ = rte_eth_add_rx_callback(upper_->id(), 0, polled, this);
    LaggForwarding &lagg = state_.laggs.emplace_back();
    lagg.upper.id = upper_->id();
    lagg.member_count = static_cast<uint8_t>(members);
    for (unsigned m = 0; m < members; ++m) {
        Ring *nothing = &rings_.emplace_back(2);
        to_member_.push_back(&rings_.emplace_back(cable_size));
        members_.push_back(std::make_unique<RingDevice>(
            "lone_" + std::to_string(m), std::vector{nothing}, std::vector{to_member_[m]}, *pool_));
        lagg.members[m] = {.device = members_[m]->id(), .collecting = true, .distributing = true};
        lagg.spread.live[m] = static_cast<uint8_t>(m);
        Watched &watched = watched_.emplace_back(this, m, nullptr);
        watched.callback = rte_eth_add_tx_callback(members_[m]->id(), 0, offer, &watched);
    }
    lagg.spread.live_count = lagg.member_count;
    shared_.rcu = make_rcu();
    shared_.pool = pool_->get();
    shared_.may_sleep = false;
    worker_ = std::make_unique<Worker>(shared_, 0);
}

// A callback outlives its device, and the next device with that number would call it.
LoneWorker::~LoneWorker() {
    worker_.reset();
    rte_eth_remove_rx_callback(upper_->id(), 0, polling_);
    rte_free(const_cast<rte_eth_rxtx_callback *>(polling_));
    for (const Watched &watched : watched_) {
        rte_eth_remove_tx_callback(members_[watched.member]->id(), 0, watched.callback);
        rte_free(const_cast<rte_eth_rxtx_callback *>(watched.callback));
    }
    members_.clear();
    upper_.reset();
    rings_.clear();
    rte_free(shared_.rcu);
    EXPECT_EQ(pool_->use().free, pool_->use().total) << "packet buffers are lost";
}

void LoneWorker::hash() {
    LaggForwarding &lagg = state_.laggs[0];
    lagg.mode = Mode::HASH;
    lagg.spread.table = distribute::build(distribute::BucketTable::empty(),
                                          std::vector<uint32_t>(lagg.member_count, 1));
    lagg.spread.policy = {.fields = distribute::kLayer2, .seed = 7};
    lagg.spread.hash = distribute::FlowHash(lagg.spread.policy);
}

void LoneWorker::round_robin(const std::vector<uint32_t> &weights, uint32_t stride) {
    LaggForwarding &lagg = state_.laggs[0];
    lagg.mode = Mode::ROUND_ROBIN;
    std::copy(weights.begin(), weights.end(), lagg.spread.weights.begin());
    lagg.spread.stride = stride;
}

uint32_t LoneWorker::flow_of(unsigned member, unsigned n) const {
    const distribute::Spread &spread = state_.laggs[0].spread;
    for (uint32_t flow = 0; flow < 256; ++flow) {
        rte_mbuf *frame = make_frame(*pool_, {.flow = flow});
        const std::span<const uint8_t> bytes(rte_pktmbuf_mtod(frame, const uint8_t *), 64);
        const uint8_t found =
            spread.table.lookup(distribute::flow_hash(frame::parse(bytes), spread.policy));
        free_frame(frame);
        if (found == member && n-- == 0) return flow;
    }
    throw std::runtime_error("no flow goes to that member");
}

void LoneWorker::put(const std::vector<Tag> &frames) {
    if (frames.empty()) return;
    std::vector<rte_mbuf *> made;
    for (const Tag &tag : frames)
        made.push_back(make_frame(*pool_, tag));
    if (!to_lagg_->push_all(made)) throw std::runtime_error("the upper ring is full");
}

void LoneWorker::run(std::vector<Step> steps) {
    steps_ = std::move(steps);
    choose_way(state_.laggs[0]);
    assign_queues(state_, 1);
    state_.generation = 1;
    shared_.state = &state_;
    put(steps_.front().frames);
    worker_->run();
    shared_.state = nullptr;
}

uint64_t LoneWorker::ask_to_let_go() const {
    return rte_rcu_qsbr_start(shared_.rcu);
}

bool LoneWorker::let_go(uint64_t token) const {
    return rte_rcu_qsbr_check(shared_.rcu, token, false) == 1;
}

/// Called in every round, when the upper device was polled.
void LoneWorker::next_round() {
    ++round_;
    received_tsc_.push_back(rte_rdtsc());
    if (round_ <= steps_.size()) steps_[round_ - 1].during();
    if (round_ < steps_.size()) put(steps_[round_].frames);
    if (round_ == steps_.size() + kSilentRounds) shared_.stop = true;
}

uint16_t LoneWorker::polled(uint16_t, uint16_t, rte_mbuf **, uint16_t count, uint16_t, void *self) {
    static_cast<LoneWorker *>(self)->next_round();
    return count;
}

// The last round is one in which nothing comes any more. What is offered from then on waited too
// long, or left because the worker stopped.
uint16_t LoneWorker::offer(uint16_t, uint16_t, rte_mbuf **frames, uint16_t count, void *watched) {
    const unsigned member = static_cast<Watched *>(watched)->member;
    LoneWorker *owner = static_cast<Watched *>(watched)->owner;
    owner->on_offer(member);
    const unsigned round = owner->shared_.stop ? kAtTheEnd : owner->round_;
    for (uint16_t i = 0; i < count; ++i) {
        Offered one{.member = member,
                    .round = round,
                    .tsc = rte_rdtsc(),
                    .slow = is_slow(frames[i]),
                    .tag = {}};
        std::memcpy(&one.tag, rte_pktmbuf_mtod(frames[i], const uint8_t *) + kHeaderSize,
                    sizeof one.tag);
        owner->offered_.push_back(one);
    }
    return count;
}

void LoneWorker::send_slow(unsigned member) {
    rte_mbuf *frame = make_frame(*pool_, slow_frame());
    frame->port = members_[member]->id();
    frame->hash.usr = 0; // the queue
    ASSERT_EQ(rte_ring_enqueue(worker_->slow_to_send(), frame), 0);
}

std::vector<Tag> LoneWorker::take(unsigned member) {
    std::vector<Tag> tags;
    while (rte_mbuf *frame = to_member_[member]->pop()) {
        if (is_slow(frame))
            free_frame(frame);
        else
            tags.push_back(take_tag(frame));
    }
    return tags;
}

const DeviceCounters &LoneWorker::counters(unsigned member) const {
    return worker_->counters(members_[member]->id());
}

} // namespace lagg::worker
