// Sysctls that keep the host's stack off an interface, and the way back.
#include "control/kernel/interface.hh"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

namespace lagg::kernel {

namespace {

struct Setting {
    const char *family;
    const char *key;
    const char *value;
};

/// rp_filter counts as the larger of this one and net.ipv4.conf.all's: where "all" is 2 (loose), it
/// stays so, and no setting of one interface changes that.
constexpr std::array<Setting, 4> kQuiet{{
    {"ipv6", "disable_ipv6", "1"},
    {"ipv4", "arp_ignore", "8"}, // answer no ARP request at all
    {"ipv4", "rp_filter", "1"},
    {"ipv4", "forwarding", "0"},
}};

/// By path and not by sysctl name: in the latter the dot of a VLAN's name would be a separator.
std::string path_of(const Setting &setting, const std::string &interface) {
    return std::string("/proc/sys/net/") + setting.family + "/conf/" + interface + "/" +
           setting.key;
}

/// Nothing when the file cannot be read; errno says why.
std::optional<std::string> read_text(const std::string &path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::array<char, 32> buffer{};
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    const int error = errno;
    ::close(fd);
    errno = error;
    if (size < 0) return std::nullopt;
    std::string text(buffer.data(), static_cast<size_t>(size));
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

/// False when it cannot be written; errno says why.
bool write_text(const std::string &path, const std::string &text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t size = ::write(fd, text.data(), text.size());
    const int error = errno;
    ::close(fd);
    errno = error;
    return size == static_cast<ssize_t>(text.size());
}

class Quiet final : public Quieted {
  public:
    explicit Quiet(unsigned index) : index_(index) {}
    Quiet(const Quiet &) = delete;
    Quiet &operator=(const Quiet &) = delete;
    ~Quiet() override { restore(); }

    Result<void> set(const Setting &setting, const std::string &interface);

  private:
    void restore();

    struct Remembered {
        Setting setting;
        std::string value;
    };
    unsigned index_;
    std::vector<Remembered> before_;
};

Result<void> Quiet::set(const Setting &setting, const std::string &interface) {
    const std::string path = path_of(setting, interface);
    const std::optional<std::string> value = read_text(path);
    // A kernel without IPv6, or an interface with less than 1280 octets of MTU, has no such file
    // and nothing to quieten.
    if (!value && errno == ENOENT && std::strcmp(setting.family, "ipv6") == 0) return {};
    // What is right already is not written: in a container these files are often read-only.
    if (value == setting.value) return {};
    if (!value || !write_text(path, setting.value))
        return Error{interface + ": cannot set " + path + " to " + setting.value + ": " +
                     std::strerror(errno) + "; without it the host itself answers on this port"};
    before_.push_back({setting, *value});
    return {};
}

void Quiet::restore() {
    // The index stays with an interface when it is renamed, and ends with it.
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(index_, name.data()) == nullptr) return;
    // An interface that vanishes just now takes its files along, so a failure is of no consequence.
    for (auto entry = before_.rbegin(); entry != before_.rend(); ++entry)
        write_text(path_of(entry->setting, name.data()), entry->value);
}

} // namespace

Result<std::unique_ptr<Quieted>> Quieted::quieten(Rtnetlink &netlink,
                                                  const std::string &interface) {
    const unsigned index = if_nametoindex(interface.c_str());
    if (index == 0) return Error{interface + ": there is no such interface"};
    auto quiet = std::make_unique<Quiet>(index);
    // First quiet, then up: it must not say a word in between.
    for (const Setting &setting : kQuiet)
        if (Result<void> done = quiet->set(setting, interface); !done) return done.error();
    if (Result<void> done = netlink.apply(interface, SetUp{}); !done) return done.error();
    return std::unique_ptr<Quieted>(std::move(quiet));
}

} // namespace lagg::kernel
