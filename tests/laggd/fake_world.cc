#include "tests/laggd/fake_world.hh"

#include "control/config/values.hh"
#include "laggd/plan.hh"

#include <gtest/gtest.h>

#include <functional>

namespace lagg::daemon {

namespace {

class FakePort final : public OpenPort {
  public:
    FakePort(FakeWorld &world, std::string device, uint16_t mtu)
        : world_(world), device_(std::move(device)) {
        EXPECT_FALSE(world_.seen.devices.contains(device_)) << device_ << " is opened twice";
        world_.seen.devices[device_] = mtu;
    }
    ~FakePort() override {
        for (const auto &[name, lagg] : world_.seen.laggs)
            for (const auto &[port, device] : lagg.ports)
                EXPECT_NE(device, device_) << name << " still has the device that is closed";
        world_.seen.devices.erase(device_);
    }
    aggregation::AttachedPort attached() const override {
        aggregation::AttachedPort port;
        port.driver = device_;
        port.device = world_.number_of(device_);
        port.mac = FakeWorld::mac_of(device_);
        return port;
    }
    uint16_t mtu() const override { return world_.seen.devices.at(device_); }
    // A device whose name ends in an even digit is one that has to be stopped for its MTU.
    bool restarts_for_mtu() const override { return (device_.back() - '0') % 2 == 0; }
    bool has_one_pool() const override { return false; }
    Result<void> set_mtu(uint16_t mtu) override {
        if (Result<void> done = world_.step("MTU of " + device_); !done) return done;
        world_.seen.devices[device_] = mtu;
        return {};
    }
    Result<void> take_other_pools() override { return {}; }
    Result<void> stop() override { return {}; }
    Result<void> start_again() override { return {}; }
    Result<bool> empty_queues() override { return false; }
    port::Hearing hear(const MacAddress &) override { return {"own", "promiscuous"}; }

  private:
    FakeWorld &world_;
    std::string device_;
};

class FakeUpper final : public OpenUpper {
  public:
    FakeUpper(FakeWorld &world, std::string name, const kernel::Want &want)
        : world_(world), name_(std::move(name)), want_(want) {
        if (const auto found = world_.seen.interfaces.find(name_);
            found != world_.seen.interfaces.end())
            found_ = found->second;
        world_.seen.interfaces[name_] = want_;
    }
    ~FakeUpper() override {
        if (removed_ || (!kept_ && !found_))
            world_.seen.interfaces.erase(name_);
        else if (!kept_)
            world_.seen.interfaces[name_] = *found_;
    }
    void keep() override { kept_ = true; }
    void remove_at_end() override { removed_ = true; }
    const kernel::Want &want() const override { return want_; }
    Result<void> change(const kernel::Want &want) override {
        if (Result<void> done = world_.step("change of " + name_); !done) return done;
        want_ = want;
        world_.seen.interfaces[name_] = want;
        return {};
    }
    upper::Upper upper(uint8_t) const override { return {.text = "kernel:" + name_}; }
    Found look() override { return Found::AS_BEFORE; }
    bool is_elsewhere() const override { return false; }
    bool has_other_carrier(bool) const override { return false; }

  private:
    FakeWorld &world_;
    std::string name_;
    kernel::Want want_;
    std::optional<kernel::Want> found_;
    bool kept_ = false;
    bool removed_ = false;
};

} // namespace

std::string to_string(const Seen &seen) {
    std::string text;
    for (const auto &[device, mtu] : seen.devices)
        text += device + ": " + std::to_string(mtu) + '\n';
    for (const auto &[name, want] : seen.interfaces)
        text += name + ": " + std::to_string(want.mtu) + ' ' + lagg::to_string(want.mac) + ' ' +
                want.description + '\n';
    for (const auto &[name, lagg] : seen.laggs) {
        text += "lagg " + name + ' ' + lagg::to_string(lagg.mac) + ' ' + lagg.upper;
        for (const auto &[port, device] : lagg.ports)
            text += ' ' + port + '=' + device;
        text += '\n';
    }
    return text;
}

Result<void> FakeWorld::step(const std::string &what) {
    if (steps++ == fails_at) return Error{what + " fails"};
    return {};
}

port::DeviceId FakeWorld::number_of(const std::string &device) {
    return numbers_.try_emplace(device, static_cast<port::DeviceId>(numbers_.size())).first->second;
}

MacAddress FakeWorld::mac_of(const std::string &device) {
    return {2, 0, 0, 0, 1, static_cast<uint8_t>(device.back())};
}

Result<std::shared_ptr<OpenPort>> FakeWorld::open_port(const config::Config &config,
                                                       const std::string &name) {
    const std::string &device = find_port(config, name).device;
    if (broken.contains(device)) return Error{"port " + name + ": " + device + " is broken"};
    if (Result<void> done = step("opening of " + device); !done) return done.error();
    return std::shared_ptr<OpenPort>(
        std::make_shared<FakePort>(*this, device, mtu_of(config, name)));
}

Result<std::shared_ptr<OpenUpper>> FakeWorld::open_upper(const config::Lagg &lagg,
                                                         const kernel::Want &want) {
    if (!lagg.upper.has_interface()) return std::shared_ptr<OpenUpper>();
    if (Result<void> done = step("opening of " + lagg.name); !done) return done.error();
    return std::shared_ptr<OpenUpper>(std::make_shared<FakeUpper>(*this, lagg.name, want));
}

void FakeWorld::put(std::span<const aggregation::WantedLagg> laggs) {
    ++puts;
    for (const aggregation::WantedLagg &wanted : laggs) {
        Seen::Lagg lagg{.config = wanted.config,
                        .mac = wanted.identity.mac,
                        .upper = wanted.upper.text,
                        .ports = {}};
        EXPECT_EQ(wanted.ports.size(), wanted.config.ports.size());
        for (const aggregation::WantedPort &port : wanted.ports) {
            lagg.ports[port.name] = port.attached ? port.attached->driver : port.problem;
            EXPECT_TRUE(!port.attached || seen.devices.contains(port.attached->driver))
                << port.name << " has a device that is not open";
        }
        seen.laggs[wanted.config.name] = std::move(lagg);
    }
    std::set<std::string> attached;
    for (const auto &[name, lagg] : seen.laggs)
        for (const auto &[port, device] : lagg.ports)
            EXPECT_TRUE(!seen.devices.contains(device) || attached.insert(device).second)
                << device << " is in two laggs";
}

void FakeWorld::leave(std::span<const Membership> leaving) {
    for (const Membership &one : leaving)
        goodbyes.push_back(one.lagg + "/" + one.port);
}

void FakeWorld::take_off(std::span<const Membership> gone) {
    for (const Membership &one : gone) {
        if (one.port.empty())
            seen.laggs.erase(one.lagg);
        else
            seen.laggs.at(one.lagg).ports[one.port] = "detached";
    }
}

} // namespace lagg::daemon
