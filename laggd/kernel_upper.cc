#include "laggd/kernel_upper.hh"

#include "control/config/values.hh"
#include "dataplane/files/files.hh"
#include "dataplane/files/system_error.hh"
#include "laggd/lagg_mac.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <net/if.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <sstream>

namespace lagg::daemon {

namespace {

constexpr const char *kAliases = ".aliases";

std::string state_file(const std::string &directory, const std::string &name) {
    return directory + "/" + name + kAliases;
}

/// The addresses an earlier run set, one a line. Without the file nothing on the interface counts
/// as ours.
std::vector<config::Alias> remembered(const std::string &file) {
    constexpr size_t kMostBytes = size_t{1} << 20;
    std::vector<config::Alias> aliases;
    const Result<std::string> content = read_file(file, kMostBytes);
    std::error_code ignored;
    if (!content && std::filesystem::exists(std::filesystem::symlink_status(file, ignored)))
        spdlog::warn("{} cannot be read: {}; addresses that an earlier run set and that the "
                     "configuration does not name stay on the interface",
                     file, content.error().message);
    std::istringstream lines(content ? *content : std::string());
    for (std::string line; std::getline(lines, line);)
        if (Result<config::Alias> alias = config::parse_alias(line)) aliases.push_back(*alias);
    return aliases;
}

} // namespace

Result<std::shared_ptr<OpenUpper>> KernelUpper::open(const std::string &name,
                                                     const kernel::Want &want, uint16_t queues,
                                                     const port::PacketPool &pool,
                                                     kernel::Rtnetlink &netlink,
                                                     const std::string &state_directory) {
    const Result<std::optional<kernel::Have>> before = netlink.read(name);
    if (!before) return before.error();
    const std::shared_ptr<KernelUpper> upper(
        new KernelUpper(name, netlink, state_file(state_directory, name)));
    upper->is_new_ = !before->has_value();
    if (before->has_value())
        upper->found_ = {.mtu = (*before)->mtu,
                         .mac = (*before)->mac,
                         .description = (*before)->description,
                         .aliases = remembered(upper->state_file_)};
    if (Result<void> made = upper->make(want, queues, pool); !made) return made.error();
    return std::shared_ptr<OpenUpper>(upper);
}

Result<void> KernelUpper::make(const kernel::Want &want, uint16_t queues,
                               const port::PacketPool &pool) {
    auto ownership = kernel::Ownership::take("lagg", name_);
    if (!ownership) return Error{fmt::format("{}: {}", name_, ownership.error().message)};
    ownership_ = std::move(*ownership);
    // Before it is made: what a killed process has made is known by its file.
    std::error_code ignored;
    const bool was_known = std::filesystem::exists(state_file_, ignored);
    remember(found_.aliases);
    Result<std::unique_ptr<upper::Tap>> tap = upper::Tap::open(name_, queues, pool);
    if (!tap && !was_known) std::filesystem::remove(state_file_, ignored);
    if (!tap) return tap.error();
    tap_ = std::move(*tap);
    // Opening gave the TAP a carrier; there is nothing behind it yet.
    if (const Result<void> off = tap_->set_carrier(false); !off)
        return Error{fmt::format("{}: {}", name_, off.error().message)};
    return apply(want, found_.aliases);
}

void KernelUpper::take_back() {
    if (is_new_) return remove();
    if (Result<void> back = apply(found_, want_.aliases); !back)
        spdlog::error("{}: could not be put back as it was: {}", name_, back.error().message);
}

upper::Upper KernelUpper::upper(uint8_t slot) const {
    return {.endpoint = tap_->endpoint(worker::upper_endpoint(slot)),
            .queues = tap_->queues(),
            .carrier = tap_,
            .interface_index = index_,
            .text = fmt::format("kernel:{}{}", interface_,
                                index_ == 0 ? " (in another namespace)" : "")};
}

OpenUpper::Found KernelUpper::look() {
    const std::string name = interface_;
    const unsigned index = index_;
    if (find() == upper::Tap::Place::GONE) {
        spdlog::warn("{}: its kernel interface {} was deleted", name_, name);
        return Found::GONE;
    }
    if (interface_ != name)
        spdlog::warn("{}: its kernel interface {} is called {} now; the next start of laggd makes "
                     "another one",
                     name_, name, interface_);
    if (index_ == 0 && index != 0)
        spdlog::warn("{}: its kernel interface {} was moved to another network namespace, where "
                     "laggd does no more than its carrier",
                     name_, interface_);
    return interface_ == name && index_ == index ? Found::AS_BEFORE : Found::CHANGED;
}

/// Where it is now, under whatever name.
upper::Tap::Place KernelUpper::find() {
    const upper::Tap::Place place = tap_->place();
    if (std::string now = tap_->name(); !now.empty()) interface_ = std::move(now);
    // It is there: who cannot ask, for want of a descriptor, knows no less than before.
    if (place != upper::Tap::Place::HERE)
        index_ = 0;
    else if (const Result<unsigned> index = interface_index(interface_); index)
        index_ = *index;
    return place;
}

bool KernelUpper::has_other_carrier(bool up) const {
    const Result<std::optional<kernel::Have>> have = netlink_.read(interface_);
    return have && have->has_value() && (*have)->up && (*have)->carrier != up;
}

Result<void> KernelUpper::apply(const kernel::Want &want, const std::vector<config::Alias> &ours) {
    const upper::Tap::Place place = find();
    if (place == upper::Tap::Place::ELSEWHERE && want == want_) return {};
    if (place == upper::Tap::Place::ELSEWHERE)
        return Error{fmt::format("{}: its kernel interface {} is in another network namespace, "
                                 "where laggd cannot change it; move it back, or delete it there",
                                 name_, interface_)};
    const Result<std::optional<kernel::Have>> have = netlink_.read(interface_);
    if (!have) return have.error();
    if (!have->has_value()) return Error{fmt::format("{}: the kernel interface has gone", name_)};
    // One that is killed half way has set some of them already.
    std::vector<config::Alias> either = ours;
    std::ranges::copy(want.aliases, std::back_inserter(either));
    if (want.aliases != ours) remember(either);
    for (const kernel::Change &change : kernel::plan(**have, want, ours)) {
        spdlog::debug("{}: {}", name_, kernel::to_string(change));
        if (Result<void> done = netlink_.apply(interface_, change); !done) return done.error();
    }
    want_ = want;
    remember(want.aliases);
    return {};
}

Result<void> KernelUpper::change(const kernel::Want &want) {
    const kernel::Want before = want_;
    Result<void> done = apply(want, before.aliases);
    if (done) return done;
    if (Result<void> back = apply(before, want.aliases); !back)
        spdlog::error("{}: could not be put back as it was: {}", name_, back.error().message);
    return done;
}

void KernelUpper::remember(const std::vector<config::Alias> &aliases) {
    std::string lines;
    for (const config::Alias &alias : aliases)
        lines += to_string(alias) + '\n';
    const Result<void> kept = replace_file(state_file_, lines);
    is_remembered_ = kept.has_value();
    if (!kept)
        spdlog::warn("{}: {} cannot be written: {}; it stays as it was, and addresses that leave "
                     "the configuration while laggd is stopped may stay on the interface",
                     name_, state_file_, kept.error().message);
}

KernelUpper::~KernelUpper() {
    if (tap_ == nullptr) return; // not ours, or not even made
    switch (at_end_) {
    case AtEnd::TAKEN_BACK: take_back(); break;
    case AtEnd::GOES: remove(); break;
    case AtEnd::STAYS:
        // The disk may have room again.
        if (!is_remembered_) remember(want_.aliases);
        break;
    }
}

// One that was moved away belongs to whoever did that.
void KernelUpper::remove() {
    const bool here = find() == upper::Tap::Place::HERE;
    tap_.reset();
    std::error_code ignored;
    std::filesystem::remove(state_file_, ignored);
    if (!here) return;
    if (Result<void> gone = netlink_.remove(interface_); !gone)
        spdlog::error("{}", gone.error().message);
}

void KernelUpper::remove_left_over(const config::Config &config, kernel::Rtnetlink &netlink,
                                   const std::string &state_directory) {
    std::error_code none;
    std::set<std::string> left;
    for (const auto &entry : std::filesystem::directory_iterator(state_directory, none)) {
        const std::string name = entry.path().stem();
        const bool is_ours =
            entry.path().extension() == kAliases || entry.path().extension() == kRememberedMac;
        if (is_ours && config::is_lagg_name(name)) left.insert(name);
    }
    for (const config::Lagg &lagg : config.laggs)
        left.erase(lagg.name);
    for (const std::string &name : left) {
        if (!kernel::Ownership::take("lagg", name)) continue; // another laggd runs it
        const Result<std::optional<kernel::Have>> have = netlink.read(name);
        forget_mac(state_directory, name);
        if (const Result<void> gone = remove_by_name(name, netlink, state_directory); !gone)
            spdlog::error("{}", gone.error().message);
        else if (have && have->has_value())
            spdlog::info("{}: its kernel interface is removed: the configuration does not have it "
                         "any more",
                         name);
    }
}

Result<void> KernelUpper::remove_by_name(const std::string &name, kernel::Rtnetlink &netlink,
                                         const std::string &state_directory) {
    std::error_code ignored;
    std::filesystem::remove(state_file(state_directory, name), ignored);
    return netlink.remove(name);
}

} // namespace lagg::daemon
