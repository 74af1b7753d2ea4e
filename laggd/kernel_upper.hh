// The kernel interface of a lagg through its life: made or adopted, configured, kept over a
// restart, removed with its lagg.
#pragma once

#include "control/kernel/ownership.hh"
#include "dataplane/upper/tap.hh"
#include "laggd/edge.hh"

#include <memory>
#include <string>

namespace lagg::daemon {

class KernelUpper final : public OpenUpper {
  public:
    /// Opens the TAP, sets it up as wanted, carrier down. `state_directory` is where it remembers
    /// which addresses are its own.
    static Result<std::shared_ptr<OpenUpper>> open(const std::string &name,
                                                   const kernel::Want &want, uint16_t queues,
                                                   const port::PacketPool &pool,
                                                   kernel::Rtnetlink &netlink,
                                                   const std::string &state_directory);
    ~KernelUpper() override;

    void keep() override { at_end_ = AtEnd::STAYS; }
    void remove_at_end() override { at_end_ = AtEnd::GOES; }
    const kernel::Want &want() const override { return want_; }
    Result<void> change(const kernel::Want &want) override;
    upper::Upper upper(uint8_t slot) const override;
    Found look() override;
    bool is_elsewhere() const override { return index_ == 0; }
    bool has_other_carrier(bool up) const override;

    /// Removes interfaces of laggs that the configuration does not have and that an earlier run
    /// left: it was killed as it made them, or the file was changed since. A failure is logged.
    static void remove_left_over(const config::Config &config, kernel::Rtnetlink &netlink,
                                 const std::string &state_directory);
    /// Removes an interface, and what was remembered of it, whether a lagg runs on it or not.
    static Result<void> remove_by_name(const std::string &name, kernel::Rtnetlink &netlink,
                                       const std::string &state_directory);

  private:
    KernelUpper(std::string name, kernel::Rtnetlink &netlink, std::string state_file)
        : name_(std::move(name)), netlink_(netlink), state_file_(std::move(state_file)),
          interface_(name_) {}
    Result<void> make(const kernel::Want &want, uint16_t queues, const port::PacketPool &pool);
    Result<void> apply(const kernel::Want &want, const std::vector<config::Alias> &ours);
    upper::Tap::Place find();
    void remember(const std::vector<config::Alias> &aliases);
    void remove();
    void take_back();

    std::string name_;
    kernel::Rtnetlink &netlink_;
    std::string state_file_;
    std::unique_ptr<kernel::Ownership> ownership_;
    std::shared_ptr<upper::Tap> tap_;
    std::string interface_; ///< what it is called now, of which others may have made another name
    unsigned index_ = 0;    ///< here; 0 when it is in another namespace
    bool is_new_ = false;   ///< it was not there before it was opened
    enum class AtEnd { TAKEN_BACK, STAYS, GOES } at_end_ = AtEnd::TAKEN_BACK;
    bool is_remembered_ = true; ///< the file says which addresses are ours
    kernel::Want found_;        ///< how an adopted interface was found
    kernel::Want want_;
};

} // namespace lagg::daemon
