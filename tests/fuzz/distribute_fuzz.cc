// Any bytes as a policy and a burst of frames: every instruction set finds the buckets that the
// scalar code finds, and every way to deal packets out does what a plain loop does. A frame is
// easily repeated with one octet changed, since the vector paths take four that look alike.
#include "dataplane/distribute/batches.hh"

#include "tests/dataplane/distribute/burst.hh"
#include "tests/fuzz/require.hh"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lagg::distribute {
namespace {

using fuzz::require;

/// The input, byte by byte; zeros behind its end.
class Bytes {
  public:
    explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}
    bool is_empty() const { return at_ >= bytes_.size(); }
    uint8_t next() { return is_empty() ? uint8_t{0} : bytes_[at_++]; }
    uint16_t next16() {
        const auto high = static_cast<uint16_t>(next() << 8);
        return static_cast<uint16_t>(high | next());
    }
    std::vector<uint8_t> take(size_t most) {
        const auto taken = bytes_.subspan(at_, std::min(most, bytes_.size() - at_));
        at_ += taken.size();
        return {taken.begin(), taken.end()};
    }

  private:
    std::span<const uint8_t> bytes_;
    size_t at_ = 0;
};

Policy some_policy(Bytes &bytes) {
    Policy policy;
    policy.fields = bytes.next16() & kAllFields;
    if (policy.fields == 0) policy.fields = kLayer34;
    const uint8_t flags = bytes.next();
    policy.inner = (flags & 1U) != 0;
    policy.symmetric = (flags & 2U) != 0;
    policy.nic = (flags & 12U) == 12;
    policy.seed = flags >> 4U;
    return policy;
}

/// Frames as they come: where they begin in their buffers, and what a NIC said of them, follows
/// from two bytes.
class Frames {
  public:
    explicit Frames(Bytes &bytes) : bytes_(bytes), step_(bytes.next()), nic_hashes_(bytes.next()) {}

    Burst all() {
        while (!bytes_.is_empty() && burst_.size() < kMostPackets) {
            const uint8_t what = bytes_.next();
            if (what < kRepeat)
                add(bytes_.take(what));
            else
                repeat(1U + (what & 15U));
        }
        return std::move(burst_);
    }

  private:
    static constexpr uint8_t kRepeat = 128;

    void repeat(unsigned times) {
        for (; times > 0 && burst_.size() < kMostPackets; --times) {
            std::vector<uint8_t> frame = last_;
            const uint8_t place = bytes_.next(), value = bytes_.next();
            if (!frame.empty()) frame[place % frame.size()] = value;
            add(frame);
        }
    }
    void add(const std::vector<uint8_t> &frame) {
        const size_t number = burst_.size();
        const auto offset = static_cast<uint16_t>(number * step_ % 64);
        const bool has_nic_hash = (nic_hashes_ >> number % 8 & 1U) != 0;
        const auto hash = static_cast<uint32_t>(number) * 0x9e3779b9U;
        burst_.add(frame, offset, has_nic_hash ? std::optional(hash) : std::nullopt);
        last_ = frame;
    }

    Bytes &bytes_;
    unsigned step_;
    unsigned nic_hashes_;
    Burst burst_;
    std::vector<uint8_t> last_;
};

/// Bucket b is member b % members'. Kept, since to make it takes longer than all the rest.
struct Members {
    explicit Members(size_t members) {
        for (size_t b = 0; b < kBuckets; ++b)
            table.member[b] = static_cast<uint8_t>(b % members);
        rows = rows_of(table);
    }
    BucketTable table;
    Rows rows;
};

const Members &members_of(size_t members) {
    static std::array<std::unique_ptr<const Members>, kMaxMembers + 1> made;
    if (made[members] == nullptr) made[members] = std::make_unique<const Members>(members);
    return *made[members];
}

/// Handles of a way to deal out, and what a plain loop gathers for each member beside it.
class Dealing {
  public:
    explicit Dealing(DealFunction function) : function_(function) {}

    /// At most kFullBatch packets; what is read behind them AddressSanitizer sees.
    void deal(const Members &members, std::span<const uint16_t> some,
              std::span<const uint16_t> some_lengths) {
        const size_t count = some.size();
        const auto buckets = std::make_unique<uint16_t[]>(count);
        const auto packets = std::make_unique<void *[]>(count);
        const auto lengths = std::make_unique<uint16_t[]>(count);
        for (size_t i = 0; i < count; ++i) {
            buckets[i] = some[i];
            lengths[i] = some_lengths[i];
            packets[i] = reinterpret_cast<void *>(next_++);
            const uint8_t member = members.table.member[buckets[i]];
            expected_[member].push_back(packets[i]);
            octets_[member] += lengths[i];
        }
        function_(*batches_, members.rows, buckets.get(), packets.get(), lengths.get(), count);
        for (size_t m = 0; m < kMaxMembers; ++m)
            check(m);
    }

  private:
    /// And what a distributor does then: a full batch leaves.
    void check(size_t m) {
        require(batches_->count[m] == expected_[m].size(),
                "a batch has as many packets as a loop gathers");
        require(std::equal(expected_[m].begin(), expected_[m].end(), batches_->packets[m]),
                "a batch has the packets of its member, in order");
        require(batches_->octets[m] == octets_[m], "octets are the sum of the lengths");
        if (expected_[m].size() < kFullBatch) return;
        batches_->count[m] = 0;
        batches_->octets[m] = octets_[m] = 0;
        expected_[m].clear();
    }

    DealFunction function_;
    std::unique_ptr<Batches> batches_ = std::make_unique<Batches>();
    std::vector<std::vector<void *>> expected_ = std::vector<std::vector<void *>>(kMaxMembers);
    std::vector<uint32_t> octets_ = std::vector<uint32_t>(kMaxMembers);
    uintptr_t next_ = 1;
};

void check_buckets(const Spread &spread, const Burst &burst) {
    for (const InstructionSet set : supported_sets().subspan(1)) { // without the scalar one itself
        const std::string found = difference(set, spread, burst);
        require(found.empty(), found.c_str());
    }
}

/// In bursts of which each but the last has `size` packets.
void check_dealing(DealFunction function, const Members &members, std::span<const uint16_t> buckets,
                   std::span<const uint16_t> lengths, size_t size) {
    Dealing dealing(function);
    for (size_t done = 0; done < buckets.size(); done += size) {
        const size_t some = std::min(size, buckets.size() - done);
        dealing.deal(members, buckets.subspan(done, some), lengths.subspan(done, some));
    }
}

void check(Bytes bytes) {
    const size_t members = 1 + bytes.next() % kMaxMembers;
    const size_t size = 1 + bytes.next() % kFullBatch;
    Spread spread;
    spread.policy = some_policy(bytes);
    spread.hash = FlowHash(spread.policy);
    const Burst burst = Frames(bytes).all();
    check_buckets(spread, burst);
    std::vector<uint16_t> buckets, lengths;
    const Outcome reference = outcome(InstructionSet::SCALAR, spread, burst);
    for (size_t i = 0; i < burst.size(); ++i) {
        if (reference.buckets[i] == kSlowBucket) continue;
        buckets.push_back(reference.buckets[i]);
        // The first two octets of a frame, so that sums become large as well.
        const std::span<const uint8_t> frame = burst[i].bytes();
        lengths.push_back(static_cast<uint16_t>(frame.size() < 2 ? 0 : frame[0] << 8 | frame[1]));
    }
    const Members &kept = members_of(members);
    check_dealing(deal_function(members, false), kept, buckets, lengths, size);
    if (has_avx2()) check_dealing(deal_function(members, true), kept, buckets, lengths, size);
}

} // namespace
} // namespace lagg::distribute

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lagg::distribute::check(lagg::distribute::Bytes({data, size}));
    return 0;
}
