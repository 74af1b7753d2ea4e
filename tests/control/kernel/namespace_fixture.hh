// A network namespace of its own for every test, with the means to make interfaces in it and to
// look at them with other eyes than ours: those of ip(8).
#pragma once

#include "control/config/config.hh"
#include "control/kernel/interface.hh"

#include <gtest/gtest.h>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace lagg::kernel {

/// Runs a command and returns what it prints; its failure fails the test.
std::string run(const std::string &command);
/// The first object that "ip -j ..." prints; null when there is none.
nlohmann::json ip(const std::string &arguments);
/// "192.0.2.1/24", "2001:db8::1/64".
config::Alias alias(const std::string &text);
std::string read_file(const std::string &path);
void write_file(const std::string &path, const std::string &text);

/// A queue of a TAP, held open; while it is, the TAP can have carrier.
class TapQueue {
  public:
    /// Makes the TAP, multi-queue and persistent, where it does not exist.
    explicit TapQueue(const std::string &name);
    TapQueue(const TapQueue &) = delete;
    TapQueue &operator=(const TapQueue &) = delete;
    ~TapQueue();

  private:
    int fd_ = -1;
};

/// Skips without root.
class NamespaceTest : public testing::Test {
  protected:
    void SetUp() override;
    /// "veth0" and its peer "veth1", both up.
    void make_veth_pair();

    std::unique_ptr<Rtnetlink> netlink_;
};

} // namespace lagg::kernel
