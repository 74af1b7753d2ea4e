// How evenly flows lie on members: fifty patterns of traffic, by laggd, by net_bonding and by lot.
//
//     evenness_bench          a table, the worst row first, and what is promised of layer3+4
//     evenness_bench --json   the rows, as scripts/bench reads them
// net_bonding is asked itself: every frame is sent, by itself, through a bonded device over members
// that count, and lies where the count went up.
#include "bench/bonding.hh"
#include "bench/patterns/evenness.hh"
#include "bench/patterns/patterns.hh"
#include "bench/sinks.hh"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace lagg::bench {
namespace {

using distribute::Policy;

constexpr unsigned kFewestMembers = 2, kMostMembers = 8;
constexpr double kLimit = 1.15; ///< of laggd_flows, for as many flows as kFlows
constexpr const char *kPromised = "layer3+4";

struct Way {
    const char *name;
    Policy policy;
    std::optional<BondMode> peer; ///< none: net_bonding does not look into tunnels
};

const Way kWays[] = {
    {"layer2", {.fields = distribute::kLayer2, .seed = 1}, BondMode::LAYER2},
    {"layer2+3", {.fields = distribute::kLayer23, .seed = 1}, BondMode::LAYER23},
    {kPromised, {.fields = distribute::kLayer34, .seed = 1}, BondMode::LAYER34},
    // An exclusive or is the same in both directions.
    {"layer3+4,symmetric",
     {.fields = distribute::kLayer34, .symmetric = true, .seed = 1},
     BondMode::LAYER34},
    {"encap3+4", {.fields = distribute::kLayer34, .inner = true, .seed = 1}, {}},
};

struct Row {
    std::string pattern;
    std::string policy;
    unsigned members = 0;
    unsigned distinct = 0; ///< flows that the policy tells apart
    Evenness laggd;
    std::optional<Evenness> net_bonding;
    Evenness ideal;

    bool judged() const { return distinct >= kFlows; }
};

/// The bonded device of the moment, and a buffer that it sends.
class Bonding {
  public:
    Bonding() : buffer_(rte_pktmbuf_alloc(frame_pool())) {
        if (buffer_ == nullptr) std::abort();
    }
    ~Bonding() { rte_pktmbuf_free(buffer_); }
    Bonding(const Bonding &) = delete;
    Bonding &operator=(const Bonding &) = delete;

    void become(BondMode mode, unsigned members) {
        device_ = bonded_device(mode, members);
        members_ = members;
    }
    Numbers members_of(const Frames &frames) {
        Numbers result;
        for (const auto &frame : frames)
            result.push_back(member_of(frame));
        return result;
    }

  private:
    uint32_t member_of(const std::vector<uint8_t> &frame) {
        std::memcpy(rte_pktmbuf_mtod(buffer_, uint8_t *), frame.data(), frame.size());
        buffer_->data_len = static_cast<uint16_t>(frame.size());
        buffer_->pkt_len = buffer_->data_len;
        Sinks &sinks = Sinks::get();
        sinks.clear();
        rte_mbuf *sent[] = {buffer_};
        rte_eth_tx_burst(device_, 0, sent, 1);
        for (unsigned i = 0; i < members_; i++)
            if (sinks.packets(i) != 0) return i;
        std::fprintf(stderr, "net_bonding does not send\n");
        std::exit(1);
    }

    rte_mbuf *buffer_;
    uint16_t device_ = 0;
    unsigned members_ = 0;
};

/// Evenness of net_bonding for a pattern, by its mode and the number of members.
using Peers = std::map<std::tuple<BondMode, unsigned, size_t>, Evenness>;

/// Mode by mode, since changing the bonded device is what takes time.
Peers ask_net_bonding(const std::vector<Frames> &all) {
    Bonding bonding;
    Peers peers;
    for (const BondMode mode : {BondMode::LAYER2, BondMode::LAYER23, BondMode::LAYER34})
        for (unsigned members = kFewestMembers; members <= kMostMembers; members++) {
            bonding.become(mode, members);
            for (size_t i = 0; i < all.size(); i++)
                peers[{mode, members, i}] = evenness(bonding.members_of(all[i]), members);
        }
    return peers;
}

std::vector<Row> measure() {
    std::vector<Frames> all;
    for (const Pattern &pattern : patterns())
        all.push_back(frames_of(pattern));
    const Peers peers = ask_net_bonding(all);
    std::vector<Row> rows;
    for (size_t i = 0; i < all.size(); i++)
        for (const Way &way : kWays) {
            if (way.policy.inner && !is_tunnel(patterns()[i])) continue;
            const Numbers numbers = flow_numbers(all[i], way.policy);
            for (unsigned members = kFewestMembers; members <= kMostMembers; members++) {
                Row row{patterns()[i].name, way.name, members, distinct(numbers), {}, {}, {}};
                row.laggd = evenness(by_laggd(all[i], way.policy, members), members);
                row.ideal = evenness(by_chance(numbers, members), members);
                if (way.peer) row.net_bonding = peers.at({*way.peer, members, i});
                rows.push_back(row);
            }
        }
    return rows;
}

/// The worst of those that can be judged, and behind them what has too few flows.
void sort_worst_first(std::vector<Row> &rows) {
    std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
        return std::tuple(a.judged(), a.laggd.flows) > std::tuple(b.judged(), b.laggd.flows);
    });
}

std::string figure(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
}

void print_json(const std::vector<Row> &rows) {
    std::printf("{\"rows\":[");
    const char *between = "\n";
    for (const Row &row : rows) {
        const auto peer = [&](double Evenness::*what) {
            return row.net_bonding ? figure((*row.net_bonding).*what) : std::string("null");
        };
        std::printf("%s{\"pattern\":\"%s\",\"policy\":\"%s\",\"members\":%u,\"distinct\":%u,",
                    between, row.pattern.c_str(), row.policy.c_str(), row.members, row.distinct);
        std::printf("\"laggd_flows\":%.4f,\"laggd_bytes\":%.4f,\"net_bonding_flows\":%s,"
                    "\"net_bonding_bytes\":%s,\"ideal_flows\":%.4f,\"ideal_bytes\":%.4f}",
                    row.laggd.flows, row.laggd.bytes, peer(&Evenness::flows).c_str(),
                    peer(&Evenness::bytes).c_str(), row.ideal.flows, row.ideal.bytes);
        between = ",\n";
    }
    std::printf("\n]}\n");
}

/// The rows are sorted, so that the first of a pattern is its worst.
void print_summary(const std::vector<Row> &rows) {
    const Row *worst = nullptr;
    std::map<std::string, double> worst_of;
    for (const Row &row : rows) {
        if (row.policy != kPromised || !row.judged()) continue;
        if (worst == nullptr) worst = &row;
        worst_of.emplace(row.pattern, row.laggd.flows);
    }
    const auto above = std::count_if(worst_of.begin(), worst_of.end(),
                                     [](const auto &entry) { return entry.second > kLimit; });
    std::printf("\nworst laggd %s: %.3f at %s, %u members; patterns above %.2f: %d of %zu "
                "(%zu have %u flows)\n",
                kPromised, worst->laggd.flows, worst->pattern.c_str(), worst->members, kLimit,
                static_cast<int>(above), patterns().size(), worst_of.size(), kFlows);
}

void print_table(const std::vector<Row> &rows) {
    std::printf("%-40s %-19s %7s %8s %16s %16s %16s\n", "greatest share in terms of the mean",
                "policy", "members", "distinct", "laggd", "net_bonding", "ideal");
    std::printf("%77s %16s %16s %16s\n", "", "flows   bytes", "flows   bytes", "flows   bytes");
    for (const Row &row : rows) {
        std::printf("%-40s %-19s %7u %8u  %7.3f %7.3f ", row.pattern.c_str(), row.policy.c_str(),
                    row.members, row.distinct, row.laggd.flows, row.laggd.bytes);
        if (row.net_bonding)
            std::printf(" %7.3f %7.3f ", row.net_bonding->flows, row.net_bonding->bytes);
        else
            std::printf(" %7s %7s ", "-", "-");
        std::printf(" %7.3f %7.3f\n", row.ideal.flows, row.ideal.bytes);
    }
    print_summary(rows);
}

int run(int argc, char **argv) {
    const bool json = argc == 2 && std::string_view(argv[1]) == "--json";
    if (argc > 1 && !json) {
        std::fprintf(stderr, "evenness_bench: '%s' is unknown; there is --json\n", argv[1]);
        return 1;
    }
    std::vector<Row> rows = measure();
    sort_worst_first(rows);
    json ? print_json(rows) : print_table(rows);
    return 0;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    return lagg::bench::run(argc, argv);
}
