#include "dataplane/bpf/filter.hh"

#include "dataplane/bpf/filter_text.hh"
#include "dataplane/bpf/library_log.hh"

// Before DPDK's header, which declares libpcap's struct bpf_program alone.
#include <pcap/pcap.h>

#define ALLOW_EXPERIMENTAL_API // rte_bpf_convert() is, in every release of DPDK so far
#include <fmt/format.h>
#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#include <cstring>
#include <map>
#include <mutex>

namespace lagg::bpf {

namespace {

constexpr int kWholeFrame = 65535;

struct PcapCloser {
    void operator()(pcap_t *pcap) const { pcap_close(pcap); }
};

struct ClassicDeleter {
    void operator()(bpf_program *program) const {
        pcap_freecode(program);
        delete program;
    }
};

struct ConvertedDeleter {
    void operator()(rte_bpf_prm *converted) const { rte_free(converted); }
};

using Classic = std::unique_ptr<bpf_program, ClassicDeleter>;
using Converted = std::unique_ptr<rte_bpf_prm, ConvertedDeleter>;

Error mistake(const std::string &expression, const std::string &what) {
    constexpr size_t kMostQuoted = 200;
    const bool whole = expression.size() <= kMostQuoted;
    return {fmt::format("filter '{}{}': {}; see pcap-filter(7) for what can be written",
                        expression.substr(0, kMostQuoted), whole ? "" : "...", what)};
}

/// Filters that somebody has, by their text: a reload finds those of before.
class Known {
  public:
    std::shared_ptr<const Filter> find(const std::string &expression) {
        const std::lock_guard lock(mutex_);
        const auto known = filters_.find(expression);
        return known == filters_.end() ? nullptr : known->second.lock();
    }
    void add(const std::shared_ptr<const Filter> &filter) {
        const std::lock_guard lock(mutex_);
        std::erase_if(filters_, [](const auto &one) { return one.second.expired(); });
        filters_[filter->expression()] = filter;
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<const Filter>> filters_;
};

Known &known_filters() {
    static Known known;
    return known;
}

Result<Classic> compile_classic(const std::string &expression) {
    // libpcap takes no words for "everything", which nobody means who writes a rule.
    if (expression.find_first_not_of(" \t\n") == std::string::npos)
        return mistake(expression, "is empty");
    if (const auto objection = objection_to(expression)) return mistake(expression, *objection);
    const std::unique_ptr<pcap_t, PcapCloser> pcap(pcap_open_dead(DLT_EN10MB, kWholeFrame));
    if (pcap == nullptr) return mistake(expression, "out of memory");
    Classic program(new bpf_program{});
    const int optimise = 1;
    if (pcap_compile(pcap.get(), program.get(), expression.c_str(), optimise,
                     PCAP_NETMASK_UNKNOWN) != 0)
        return mistake(expression, pcap_geterr(pcap.get()));
    return program;
}

Result<Converted> convert(const std::string &expression, const bpf_program &classic) {
    const LibraryLog log;
    Converted converted(rte_bpf_convert(&classic));
    if (converted == nullptr)
        return mistake(expression,
                       fmt::format("cannot be converted: {}", std::strerror(rte_errno)));
    return converted;
}

} // namespace

Result<void> Filter::check(const std::string &expression) {
    const auto classic = compile_classic(expression);
    if (!classic) return classic.error();
    return {};
}

Result<std::shared_ptr<const Filter>> Filter::compile(const std::string &expression) {
    if (std::shared_ptr<const Filter> known = known_filters().find(expression)) return known;
    const auto classic = compile_classic(expression);
    if (!classic) return classic.error();
    const auto converted = convert(expression, **classic);
    if (!converted) return converted.error();
    const auto *first = reinterpret_cast<const Instruction *>((*converted)->ins);
    auto compiled = bpf::compile({first, (*converted)->nb_ins}, Argument::kMbuf);
    if (const auto *complaint = std::get_if<Complaint>(&compiled))
        return mistake(expression, complaint->text);

    std::shared_ptr<Filter> filter(new Filter);
    filter->code_ = std::get<NativeCode>(std::move(compiled));
    filter->expression_ = expression;
    std::shared_ptr<const Filter> made(std::move(filter));
    known_filters().add(made);
    return made;
}

} // namespace lagg::bpf
