// The executor of a plan: every change is one rtnetlink request, and a refusal becomes one sentence
// with the interface, the value and the kernel's reason.
//
// The requests are built from attributes and not from libnl-route's link and address objects: those
// cannot clear an ifalias, do not know who made an address, and keep only a class of the errno.
#include "control/kernel/interface.hh"
#include "control/kernel/messages.hh"
#include "control/kernel/netlink_socket.hh"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

namespace lagg::kernel {

namespace {

/// IFALIASZ of linux/if.h, which cannot be included beside net/if.h, less the terminating zero.
constexpr int kLongestDescription = 255;

Message link_message(uint16_t type, uint16_t flags, unsigned index = 0, unsigned up = 0) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(index);
    header.ifi_flags = up;
    header.ifi_change = up;
    Message message = make_message(type, flags, &header, sizeof header);
    if (type == RTM_GETLINK) {
        // Statistics are most of an answer and nobody here reads them.
        const uint32_t filter = RTEXT_FILTER_SKIP_STATS;
        put(message, IFLA_EXT_MASK, &filter, sizeof filter);
    }
    return message;
}

/// The directed broadcast address, as ifconfig and systemd-networkd set it; a /31 has none.
void put_broadcast(const Message &message, const config::Alias &alias) {
    if (alias.v6 || alias.prefix_length > 30) return;
    std::array<uint8_t, 4> broadcast{};
    for (unsigned bit = 0; bit < 32; ++bit) {
        const auto mask = static_cast<uint8_t>(0x80U >> (bit % 8));
        if (bit >= alias.prefix_length || (alias.address[bit / 8] & mask) != 0)
            broadcast[bit / 8] |= mask;
    }
    put(message, IFA_BROADCAST, broadcast.data(), broadcast.size());
}

Message address_message(uint16_t type, uint16_t flags, unsigned index, const config::Alias &alias) {
    ifaddrmsg header{};
    header.ifa_family = alias.v6 ? AF_INET6 : AF_INET;
    header.ifa_prefixlen = alias.prefix_length;
    header.ifa_index = index;
    // Without this an IPv6 address is tentative for a second after the carrier comes, and no
    // program can bind to it until then. Worse, a switch that does not aggregate yet reflects the
    // probe of the duplicate test from one port to another, and the address would disable itself.
    if (alias.v6 && type == RTM_NEWADDR) header.ifa_flags = IFA_F_NODAD;
    Message message = make_message(type, flags, &header, sizeof header);
    const size_t size = alias.v6 ? 16 : 4;
    put(message, IFA_LOCAL, alias.address.data(), size);
    put(message, IFA_ADDRESS, alias.address.data(), size);
    if (type == RTM_NEWADDR) put_broadcast(message, alias);
    return message;
}

Error no_such_interface(const std::string &name) {
    return Error{name + ": there is no such interface"};
}

bool is_lagg_name(const std::string &name) {
    constexpr size_t prefix = 4;
    return name.size() > prefix && name.compare(0, prefix, "lagg") == 0 &&
           name.find_first_not_of("0123456789", prefix) == std::string::npos;
}

/// What the operator can do about it, as a clause; empty when the reason says enough.
std::string way_out(const Link &link, const Change &change, int error) {
    if (error == EPERM) return "; laggd needs the capability CAP_NET_ADMIN";
    if (std::holds_alternative<SetMtu>(change) && link.max_mtu > 0)
        return "; it takes " + std::to_string(link.min_mtu) + " to " + std::to_string(link.max_mtu);
    if (std::holds_alternative<SetMac>(change) && error == EADDRNOTAVAIL)
        return "; it takes a unicast address that is not zero";
    if (std::holds_alternative<SetDescription>(change))
        return "; it takes at most " + std::to_string(kLongestDescription) + " bytes";
    return {};
}

class Executor final : public Rtnetlink {
  public:
    explicit Executor(Socket socket) : socket_(std::move(socket)) {}

    Result<std::optional<Have>> read(const std::string &name) override;
    Result<void> apply(const std::string &name, const Change &change) override;
    Result<void> remove(const std::string &name) override;
    Result<std::vector<std::string>> lagg_interfaces() override;

  private:
    Result<std::optional<Link>> find(const std::string &name);
    Verdict dump(uint16_t type, const std::function<void()> &restart, const OnMessage &on_message);
    Result<std::vector<config::Alias>> addresses(const Link &link);

    Verdict run(const Link &link, const SetMtu &change);
    Verdict run(const Link &link, const SetMac &change);
    Verdict run(const Link &link, const SetDescription &change);
    Verdict run(const Link &link, const AddAlias &change);
    Verdict run(const Link &link, const RemoveAlias &change);
    Verdict run(const Link &link, const SetUp &change);
    Verdict set_attribute(const Link &link, int attribute, const void *data, size_t size);
    Verdict keep_secondaries(const Link &link);

    Socket socket_;
};

Result<std::optional<Link>> Executor::find(const std::string &name) {
    if (name.empty() || name.size() >= IFNAMSIZ) return std::optional<Link>();
    const Message message = link_message(RTM_GETLINK, NLM_F_ACK);
    put(message, IFLA_IFNAME, name.c_str(), name.size() + 1);
    std::optional<Link> link;
    const Verdict verdict =
        request(socket_.get(), message, [&](nlmsghdr &answer) { link = parse_link(answer); });
    if (verdict.error == ENODEV) return std::optional<Link>();
    if (verdict.error != 0)
        return Error{name + ": the kernel does not show the interface: " + verdict.reason};
    return link;
}

Verdict Executor::dump(uint16_t type, const std::function<void()> &restart,
                       const OnMessage &on_message) {
    // Both kinds of dump take this header; its family 0 means all.
    const Message message = link_message(type, NLM_F_DUMP);
    Verdict verdict;
    bool interrupted = true;
    for (int attempt = 0; interrupted && attempt < kDumpAttempts; ++attempt) {
        restart();
        interrupted = false;
        nlmsg_hdr(message.get())->nlmsg_seq = NL_AUTO_SEQ;
        verdict = request(socket_.get(), message, [&](nlmsghdr &answer) {
            // Something was added or removed meanwhile, and entries may be missing.
            if ((answer.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
            on_message(answer);
        });
    }
    return verdict;
}

Result<std::vector<config::Alias>> Executor::addresses(const Link &link) {
    std::vector<config::Alias> aliases;
    const Verdict verdict = dump(
        RTM_GETADDR, [&] { aliases.clear(); },
        [&](nlmsghdr &answer) {
            const std::optional<Address> address = parse_address(answer);
            if (address && address->index == link.index && !address->made_by_kernel)
                aliases.push_back(address->alias);
        });
    if (verdict.error != 0)
        return Error{link.name + ": the kernel does not list its addresses: " + verdict.reason};
    return aliases;
}

Result<std::optional<Have>> Executor::read(const std::string &name) {
    const Result<std::optional<Link>> found = find(name);
    if (!found) return found.error();
    if (!*found) return std::optional<Have>();
    const Link &link = **found;
    const Result<std::vector<config::Alias>> aliases = addresses(link);
    if (!aliases) return aliases.error();
    constexpr uint32_t largest = std::numeric_limits<uint16_t>::max();
    Have have;
    have.index = link.index;
    have.up = (link.flags & IFF_UP) != 0;
    have.carrier = link.carrier;
    // The loopback interface has 65536, one more than fits; no Ethernet has.
    have.mtu = static_cast<uint16_t>(std::min(link.mtu, largest));
    have.mac = link.mac;
    have.description = link.description;
    have.aliases = *aliases;
    return std::optional<Have>(std::move(have));
}

Verdict Executor::set_attribute(const Link &link, int attribute, const void *data, size_t size) {
    const Message message = link_message(RTM_SETLINK, NLM_F_ACK, link.index);
    put(message, attribute, data, size);
    return request(socket_.get(), message);
}

Verdict Executor::run(const Link &link, const SetMtu &change) {
    const uint32_t mtu = change.mtu;
    return set_attribute(link, IFLA_MTU, &mtu, sizeof mtu);
}

Verdict Executor::run(const Link &link, const SetMac &change) {
    return set_attribute(link, IFLA_ADDRESS, change.mac.data(), change.mac.size());
}

Verdict Executor::run(const Link &link, const SetDescription &change) {
    // Without a terminating zero: an attribute of no length is what clears the ifalias.
    return set_attribute(link, IFLA_IFALIAS, change.description.data(), change.description.size());
}

Verdict Executor::run(const Link &link, const SetUp &) {
    return request(socket_.get(), link_message(RTM_SETLINK, NLM_F_ACK, link.index, IFF_UP));
}

Verdict Executor::run(const Link &link, const AddAlias &change) {
    const Message message = address_message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
                                            link.index, change.alias);
    Verdict verdict = request(socket_.get(), message);
    if (verdict.error != EEXIST) return verdict;
    // IPv6 also says so when the address is there with another prefix length: somebody else's.
    const Result<std::vector<config::Alias>> present = addresses(link);
    if (!present) return verdict;
    for (const config::Alias &alias : *present) {
        if (alias == change.alias) return {};
        if (alias.v6 == change.alias.v6 && alias.address == change.alias.address)
            verdict.reason = "the interface has it as " + config::to_string(alias) +
                             ", which laggd did not set; remove that, or write this prefix length";
    }
    return verdict;
}

/// When the first IPv4 address of a subnet goes, the kernel by default takes all others of that
/// subnet with it, also those an operator added. This setting of the interface keeps them.
Verdict Executor::keep_secondaries(const Link &link) {
    const uint32_t on = 1;
    const Message message = link_message(RTM_SETLINK, NLM_F_ACK, link.index);
    nlattr *families = nla_nest_start(message.get(), IFLA_AF_SPEC);
    nlattr *inet = nla_nest_start(message.get(), AF_INET);
    nlattr *conf = nla_nest_start(message.get(), IFLA_INET_CONF);
    put(message, IPV4_DEVCONF_PROMOTE_SECONDARIES, &on, sizeof on);
    nla_nest_end(message.get(), conf);
    nla_nest_end(message.get(), inet);
    nla_nest_end(message.get(), families);
    return request(socket_.get(), message);
}

Verdict Executor::run(const Link &link, const RemoveAlias &change) {
    if (!change.alias.v6)
        if (const Verdict verdict = keep_secondaries(link); verdict.error != 0) return verdict;
    const Verdict verdict =
        request(socket_.get(), address_message(RTM_DELADDR, NLM_F_ACK, link.index, change.alias));
    // Gone already is what was asked for.
    return verdict.error == EADDRNOTAVAIL ? Verdict{} : verdict;
}

Result<void> Executor::apply(const std::string &name, const Change &change) {
    const Result<std::optional<Link>> found = find(name);
    if (!found) return found.error();
    if (!*found) return no_such_interface(name);
    const Link &link = **found;
    const Verdict verdict = std::visit([&](const auto &what) { return run(link, what); }, change);
    if (verdict.error == 0) return {};
    return Error{name + ": the kernel refused " + to_string(change) + ": " + verdict.reason +
                 way_out(link, change, verdict.error)};
}

Result<void> Executor::remove(const std::string &name) {
    const Result<std::optional<Link>> found = find(name);
    if (!found) return found.error();
    if (!*found) return {};
    const Link &link = **found;
    if (!link.tap)
        return Error{name + ": this is not a TAP interface, and laggd removes no other; rename one "
                            "of the two, or remove it by hand"};
    const Verdict verdict =
        request(socket_.get(), link_message(RTM_DELLINK, NLM_F_ACK, link.index));
    if (verdict.error == 0 || verdict.error == ENODEV) return {};
    return Error{name + ": the kernel refused to remove the interface: " + verdict.reason};
}

Result<std::vector<std::string>> Executor::lagg_interfaces() {
    std::vector<std::string> names;
    const Verdict verdict = dump(
        RTM_GETLINK, [&] { names.clear(); },
        [&](nlmsghdr &answer) {
            const std::optional<Link> link = parse_link(answer);
            if (link && link->tap && is_lagg_name(link->name)) names.push_back(link->name);
        });
    if (verdict.error != 0)
        return Error{"the kernel does not list its interfaces: " + verdict.reason};
    // By number: of two names the shorter one comes first.
    std::sort(names.begin(), names.end(), [](const std::string &a, const std::string &b) {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return names;
}

} // namespace

Result<std::unique_ptr<Rtnetlink>> Rtnetlink::open() {
    Result<Socket> socket = connect_route();
    if (!socket) return socket.error();
    return std::unique_ptr<Rtnetlink>(std::make_unique<Executor>(*std::move(socket)));
}

} // namespace lagg::kernel
