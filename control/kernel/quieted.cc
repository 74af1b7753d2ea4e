// Sysctls that keep the host's stack off an interface, and the way back.
#include "control/kernel/interface.hh"
#include "control/kernel/interface_before.hh"
#include "dataplane/files/system_error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <net/if.h>

namespace lagg::kernel {

namespace {

struct Setting {
    const char *key;
    const char *value;
};

/// rp_filter counts as the larger of this one and net.ipv4.conf.all's: where "all" is 2 (loose), it
/// stays so, and no setting of one interface changes that.
constexpr std::array<Setting, 4> kQuiet{{
    {"ipv6/disable_ipv6", "1"},
    {"ipv4/arp_ignore", "8"}, // answer no ARP request at all
    {"ipv4/rp_filter", "1"},
    {"ipv4/forwarding", "0"},
}};

class Quiet final : public Quieted {
  public:
    Quiet(Rtnetlink &netlink, unsigned index, const std::string &directory)
        : netlink_(netlink), index_(index), file_(file_of(directory, index)),
          left_over_(read_before(file_)) {}
    Quiet(const Quiet &) = delete;
    Quiet &operator=(const Quiet &) = delete;
    ~Quiet() override;
    bool is_there() const override;

    /// Remembers what is there and what set() will change, beyond this process too.
    Result<void> remember(const std::string &interface);
    Result<void> set(const Setting &setting, const std::string &interface);

  private:
    Rtnetlink &netlink_;
    unsigned index_;
    std::string file_;
    std::optional<Before> left_over_; ///< by a process that was killed
    Before before_;
};

Result<void> Quiet::remember(const std::string &interface) {
    for (const Setting &setting : kQuiet) {
        const std::optional<std::string> value = read_sysctl(interface, setting.key);
        if (!value) continue;
        if (*value != setting.value)
            before_.sysctls[setting.key] = *value;
        else if (left_over_ && left_over_->sysctls.contains(setting.key))
            before_.sysctls[setting.key] = left_over_->sysctls.at(setting.key);
    }
    before_.link =
        left_over_ && left_over_->link ? left_over_->link : read_link(netlink_, interface);
    return write_before(file_, before_);
}

Result<void> Quiet::set(const Setting &setting, const std::string &interface) {
    const std::optional<std::string> value = read_sysctl(interface, setting.key);
    // A kernel without IPv6, or an interface with less than 1280 octets of MTU, has no such file
    // and nothing to quieten.
    if (!value && errno == ENOENT && std::strncmp(setting.key, "ipv6", 4) == 0) return {};
    // What is right already is not written: in a container these files are often read-only.
    if (value == setting.value) return {};
    if (value && write_sysctl(interface, setting.key, setting.value)) return {};
    return Error{fmt::format("{}: cannot set {} to {}: {}; without it the host itself answers on "
                             "this port",
                             interface, setting.key, setting.value, reason_of(errno))};
}

bool Quiet::is_there() const {
    std::array<char, IF_NAMESIZE> name{};
    return if_indextoname(index_, name.data()) != nullptr;
}

Quiet::~Quiet() {
    // The index stays with an interface when it is renamed, and ends with it.
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(index_, name.data()) != nullptr) {
        // What a port finds it puts back itself, and that was right unless a process was killed.
        if (!left_over_) before_.link.reset();
        put_back(netlink_, name.data(), before_);
    }
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
}

/// The interface's index; 0 for another file.
unsigned index_of(const std::string &file) {
    constexpr std::string_view kBegin = "interface-", kEnd = ".before";
    unsigned index = 0;
    if (file.starts_with(kBegin) && file.ends_with(kEnd))
        std::from_chars(file.data() + kBegin.size(), file.data() + file.size() - kEnd.size(),
                        index);
    return index;
}

} // namespace

Result<std::unique_ptr<Quieted>> Quieted::quieten(Rtnetlink &netlink, const std::string &interface,
                                                  const std::string &directory) {
    const Result<unsigned> index = interface_index(interface);
    if (!index) return index.error();
    auto quiet = std::make_unique<Quiet>(netlink, *index, directory);
    static_cast<void>(quiet->remember(interface)); // where it cannot be written, it goes without
    // First quiet, then up: it must not say a word in between.
    for (const Setting &setting : kQuiet)
        if (Result<void> done = quiet->set(setting, interface); !done) return done.error();
    if (Result<void> done = netlink.apply(interface, SetUp{}); !done) return done.error();
    return std::unique_ptr<Quieted>(std::move(quiet));
}

std::vector<std::string> put_back_left_over(Rtnetlink &netlink, const std::string &directory,
                                            const std::vector<unsigned> &in_use) {
    std::vector<std::string> interfaces;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(directory, error)) {
        const unsigned index = index_of(entry.path().filename());
        if (index == 0 || std::ranges::find(in_use, index) != in_use.end()) continue;
        std::array<char, IF_NAMESIZE> name{};
        const std::optional<Before> before = read_before(entry.path());
        if (before && if_indextoname(index, name.data()) != nullptr) {
            put_back(netlink, name.data(), *before);
            interfaces.emplace_back(name.data());
        }
        std::error_code ignored;
        std::filesystem::remove(entry.path(), ignored);
    }
    return interfaces;
}

} // namespace lagg::kernel
