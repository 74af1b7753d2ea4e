#include "tests/control/host/tree.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace lagg::host {

namespace fs = std::filesystem;

Tree::Tree() {
    std::string name = testing::TempDir() + "lagg_host_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
    root_ = name;
}

Tree::~Tree() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
}

Tree &Tree::file(const std::string &path, const std::string &content) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
    return *this;
}

Tree &Tree::link(const std::string &path, const std::string &target) {
    fs::create_directories((root_ / path).parent_path());
    fs::create_symlink(target, root_ / path);
    return *this;
}

Tree &Tree::nic(const std::string &address, const std::string &driver, const std::string &group,
                const std::string &interface) {
    const std::string device = "sys/bus/pci/devices/" + address;
    file(device + "/class", "0x020000\n").file(device + "/numa_node", "-1\n");
    if (!driver.empty()) link(device + "/driver", "../../../bus/pci/drivers/" + driver);
    if (!interface.empty()) file(device + "/net/" + interface + "/ifindex", "7\n");
    if (group.empty()) return *this;
    link(device + "/iommu_group", "../../../kernel/iommu_groups/" + group);
    return file("sys/kernel/iommu_groups/" + group + "/devices/" + address)
        .file("sys/kernel/iommu_groups/" + group + "/type", "identity\n");
}

Tree &Tree::huge_pages(unsigned total, unsigned free) {
    const std::string pages = "sys/kernel/mm/hugepages/hugepages-2048kB/";
    return file(pages + "nr_hugepages", std::to_string(total) + "\n")
        .file(pages + "free_hugepages", std::to_string(free) + "\n");
}

Tree &Tree::module_available(const std::string &name) {
    file("proc/sys/kernel/osrelease", "6.1.0-test\n");
    const fs::path modules = root_ / "lib/modules/6.1.0-test";
    fs::create_directories(modules);
    std::ofstream(modules / "modules.dep", std::ios::app)
        << "kernel/drivers/" << name << ".ko: kernel/drivers/other.ko\n";
    return *this;
}

Tree &Tree::kept(const std::string &address, const std::string &driver) {
    return file("etc/driverctl.d/pci-" + address, driver + "\n");
}

Tree &Tree::server() {
    return file("sys/devices/system/cpu/online", "0-3\n")
        .file("sys/devices/system/node/node0/cpulist", "0-1\n")
        .file("sys/devices/system/node/node1/cpulist", "2-3\n")
        .file("sys/bus/pci/devices/0000:00:00.0/class", "0x060000\n")
        .file("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n")
        .file("dev/net/tun")
        .huge_pages(256, 256);
}

} // namespace lagg::host
