// The kernel interface of a lagg through its life: made or adopted, configured, kept over a
// restart, removed with its lagg.
#pragma once

#include "control/config/config.hh"
#include "control/kernel/interface.hh"
#include "control/kernel/ownership.hh"
#include "dataplane/upper/tap.hh"

#include <memory>
#include <string>

namespace lagg::daemon {

class KernelUpper {
  public:
    /// Opens the TAP, sets it up as wanted, carrier down. `state_directory` is where it remembers
    /// which addresses are its own.
    static Result<std::unique_ptr<KernelUpper>> open(const std::string &name,
                                                     const kernel::Want &want, uint16_t queues,
                                                     const port::PacketPool &pool,
                                                     kernel::Rtnetlink &netlink,
                                                     const std::string &state_directory);
    /// Lets go of the interface, which stays.
    ~KernelUpper();
    KernelUpper(const KernelUpper &) = delete;
    KernelUpper &operator=(const KernelUpper &) = delete;

    const std::shared_ptr<upper::Tap> &tap() const { return tap_; }
    /// What the interface is called now, of which others may have made something else.
    const std::string &interface() const { return interface_; }
    /// Its index here; 0 when it is in another namespace.
    unsigned index() const { return index_; }
    /// Where it is now, under whatever name.
    upper::Tap::Place look();
    /// Whether it has another carrier than it was told. Not while somebody has set it down.
    bool has_other_carrier(bool up) const;
    /// The interface was not there before it was opened.
    bool is_new() const { return is_new_; }
    const kernel::Want &want() const { return want_; }
    /// Brings the interface from the present wish to a new one; on failure it is as before.
    Result<void> change(const kernel::Want &want);
    /// Closes the device and removes the interface.
    static Result<void> remove(std::unique_ptr<KernelUpper> upper);
    /// Takes the opening back: a new interface is removed, an adopted one stays as it was found.
    static void take_back(std::unique_ptr<KernelUpper> upper);

    /// Removes an interface, and what was remembered of it, whether a lagg runs on it or not.
    static Result<void> remove_by_name(const std::string &name, kernel::Rtnetlink &netlink,
                                       const std::string &state_directory);

  private:
    KernelUpper(std::string name, kernel::Rtnetlink &netlink, std::string state_file)
        : name_(std::move(name)), netlink_(netlink), state_file_(std::move(state_file)),
          interface_(name_) {}
    Result<void> make(const kernel::Want &want, uint16_t queues, const port::PacketPool &pool);
    Result<void> apply(const kernel::Want &want, const std::vector<config::Alias> &ours);
    void remember(const std::vector<config::Alias> &aliases);

    std::string name_;
    kernel::Rtnetlink &netlink_;
    std::string state_file_;
    std::unique_ptr<kernel::Ownership> ownership_;
    std::shared_ptr<upper::Tap> tap_;
    std::string interface_;
    unsigned index_ = 0;
    bool is_new_ = false;
    bool is_remembered_ = true; ///< the file says which addresses are ours
    kernel::Want found_;        ///< how an adopted interface was found
    kernel::Want want_;
};

} // namespace lagg::daemon
