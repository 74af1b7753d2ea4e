// See namespace_fixture.hh.
#include "tests/control/kernel/namespace_fixture.hh"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/if_tun.h>
#include <net/if.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace lagg::kernel {

std::string run(const std::string &command) {
    std::string output;
    FILE *pipe = popen(command.c_str(), "re");
    if (pipe == nullptr) {
        ADD_FAILURE() << "cannot run " << command;
        return output;
    }
    char buffer[4096];
    for (size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        output.append(buffer, size);
    EXPECT_EQ(pclose(pipe), 0) << command;
    return output;
}

nlohmann::json ip(const std::string &arguments) {
    const auto objects = nlohmann::json::parse(run("ip -j " + arguments));
    // ip(8) prints an empty object for what its filter leaves out.
    for (const auto &object : objects)
        if (!object.empty()) return object;
    return nullptr;
}

config::Alias alias(const std::string &text) {
    const size_t slash = text.find('/');
    const std::string address = text.substr(0, slash);
    config::Alias result;
    result.v6 = address.find(':') != std::string::npos;
    result.prefix_length = static_cast<uint8_t>(std::stoi(text.substr(slash + 1)));
    const int family = result.v6 ? AF_INET6 : AF_INET;
    EXPECT_EQ(inet_pton(family, address.c_str(), result.address.data()), 1) << text;
    return result;
}

std::string read_file(const std::string &path) {
    std::ifstream file(path);
    std::string line;
    EXPECT_TRUE(std::getline(file, line)) << path;
    return line;
}

void write_file(const std::string &path, const std::string &text) {
    std::ofstream file(path);
    file << text << std::flush;
    EXPECT_TRUE(file.good()) << path;
}

TapQueue::TapQueue(const std::string &name) : fd_(::open("/dev/net/tun", O_RDWR | O_CLOEXEC)) {
    EXPECT_GE(fd_, 0) << std::strerror(errno);
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
    EXPECT_EQ(ioctl(fd_, TUNSETIFF, &request), 0) << std::strerror(errno);
    EXPECT_EQ(ioctl(fd_, TUNSETPERSIST, 1), 0) << std::strerror(errno);
}

TapQueue::~TapQueue() {
    ::close(fd_);
}

void NamespaceTest::SetUp() {
    if (geteuid() != 0) GTEST_SKIP() << "a network namespace of its own needs root";
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
        GTEST_SKIP() << "no network namespace to be had: " << std::strerror(errno);
    // /sys shows the network namespace in which it was mounted.
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    umount2("/sys", MNT_DETACH);
    ASSERT_EQ(mount("sysfs", "/sys", "sysfs", 0, nullptr), 0) << std::strerror(errno);
    Result<std::unique_ptr<Rtnetlink>> netlink = Rtnetlink::open();
    ASSERT_TRUE(netlink) << netlink.error().message;
    netlink_ = *std::move(netlink);
}

void NamespaceTest::make_veth_pair() {
    run("ip link add veth0 type veth peer name veth1");
    run("ip link set veth0 up");
    run("ip link set veth1 up");
}

} // namespace lagg::kernel
