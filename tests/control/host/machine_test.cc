// Machines of every kind as trees of files, and what the checks make of them.
#include "control/host/check.hh"

#include "tests/control/host/tree.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lagg::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *kNic = "0000:03:00.0";
constexpr const char *kNeighbour = "0000:03:00.1";

config::Config config_of(const std::string &device) {
    config::Config config;
    config.ports = {{.name = "p0", .device = device}};
    config.laggs = {{.name = "lagg0", .ports = {"p0"}}};
    return config;
}

std::vector<Finding> of_port(const Machine &machine, const config::Config &config) {
    return check_port(machine, config, config.ports.front());
}

const Finding &find(const std::vector<Finding> &findings, const std::string &check) {
    static const Finding none{"absent", Level::UNSEEN, "there is no such finding"};
    for (const Finding &finding : findings)
        if (finding.check == check) return finding;
    return none;
}

Finding bound(const Machine &machine) {
    return find(of_port(machine, config_of(kNic)), "bound");
}

Interface interface(const std::string &name) {
    Interface out;
    out.use.name = name;
    out.use.up = true;
    out.use.mtu = 1500;
    out.offloads = Offloads{};
    return out;
}

TEST(ReadFiles, ListsOfCpus) {
    EXPECT_THAT(parse_cpu_list("0-2,7,9-10"), ElementsAre(0, 1, 2, 7, 9, 10));
    EXPECT_THAT(parse_cpu_list(""), IsEmpty());
    EXPECT_THAT(parse_cpu_list("x,3"), ElementsAre(3));
    EXPECT_EQ(parse_cpu_list("0-4294967295").size(), 8192U);
}

TEST(ReadFiles, AServer) {
    Tree tree;
    tree.server().nic(kNic, "ixgbe", "12", "enp3s0f0").module_available("vfio/pci/vfio-pci");
    tree.kept(kNic, "vfio-pci").file("sys/devices/system/cpu/isolated", "2-3\n");
    const Machine machine = tree.read();
    EXPECT_TRUE(machine.sees_pci);
    const PciDevice &nic = machine.pci.at(kNic);
    EXPECT_EQ(nic.driver, "ixgbe");
    EXPECT_EQ(nic.iommu_group, "12");
    EXPECT_EQ(nic.kept_driver, "vfio-pci");
    EXPECT_TRUE(nic.is_network);
    EXPECT_THAT(nic.interfaces, ElementsAre("enp3s0f0"));
    EXPECT_THAT(machine.iommu_groups.at("12").devices, ElementsAre(kNic));
    EXPECT_EQ(machine.vfio_pci, Module::AVAILABLE);
    EXPECT_EQ(machine.uio_pci_generic, Module::ABSENT);
    EXPECT_THAT(machine.isolated, ElementsAre(2, 3));
    EXPECT_EQ(machine.node_of_cpu.at(3), 1);
    EXPECT_EQ(free_huge_page_bytes(machine), uint64_t{512} << 20);
    EXPECT_TRUE(machine.has_tun_device);
}

TEST(ReadFiles, InterfacesOfVirtio) {
    Tree tree;
    tree.nic(kNic, "virtio-pci")
        .file(std::string("sys/bus/pci/devices/") + kNic + "/virtio3/net/ens4/x");
    EXPECT_THAT(tree.read().pci.at(kNic).interfaces, ElementsAre("ens4"));
}

TEST(ReadFiles, TheService) {
    Tree tree;
    EXPECT_FALSE(tree.read().service_installed);
    tree.file("etc/systemd/system/laggd.service", "# CAP_SYS_ADMIN is missing\n");
    EXPECT_TRUE(tree.read().service_installed);
    EXPECT_FALSE(tree.read().service_has_sys_admin);
    EXPECT_FALSE(tree.read().service_enabled);
    tree.file("etc/systemd/system/laggd.service.d/a.conf", "CapabilityBoundingSet=CAP_SYS_ADMIN\n");
    tree.link("etc/systemd/system/multi-user.target.wants/laggd.service", "/nowhere/laggd.service");
    EXPECT_TRUE(tree.read().service_has_sys_admin);
    EXPECT_TRUE(tree.read().service_enabled);
}

TEST(Pci, WithAnIommuVfioIsAdvised) {
    Tree tree;
    tree.server().nic(kNic, "ixgbe", "12", "enp3s0f0").module_available("vfio/pci/vfio-pci");
    const Finding finding = bound(tree.read());
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.says, HasSubstr("0000:03:00.0 is bound to the kernel driver ixgbe"));
    EXPECT_THAT(finding.mend, ElementsAre("sudo driverctl set-override 0000:03:00.0 vfio-pci"));
}

TEST(Pci, WithoutAnIommuUioIsAdvised) {
    Tree tree;
    tree.server().nic(kNic, "e1000").module_available("vfio/pci/vfio-pci");
    tree.module_available("uio/uio_pci_generic");
    EXPECT_THAT(bound(tree.read()).mend,
                ElementsAre("sudo driverctl set-override 0000:03:00.0 uio_pci_generic"));
}

TEST(Pci, NoBindIsAdvisedThatWouldFail) {
    Tree tree;
    tree.server().nic(kNic, "e1000", "", "eth1").module_available("vfio/pci/vfio-pci");
    const Finding finding = bound(tree.read());
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.says, HasSubstr("by intel_iommu=on iommu=pt on"));
    EXPECT_THAT(finding.mend, ElementsAre("device = \"net_af_packet,iface=eth1\""));
}

TEST(Pci, AnIommuThatTheCommandLineAsksForIsTheFirmwares) {
    Tree tree;
    tree.server().nic(kNic, "e1000").file("proc/cmdline", "quiet intel_iommu=on\n");
    EXPECT_THAT(bound(tree.read()).says, HasSubstr("in the firmware's setup"));
}

TEST(Pci, ANicThatIsUpIsTakenDownFirst) {
    Tree tree;
    tree.server().nic(kNic, "ixgbe", "12", "eth1").module_available("vfio/pci/vfio-pci");
    Machine machine = tree.read();
    machine.interfaces = {{"eth1", interface("eth1")}};
    EXPECT_THAT(bound(machine).mend,
                ElementsAre("sudo ip link set eth1 down",
                            "sudo driverctl set-override 0000:03:00.0 vfio-pci"));
}

TEST(Pci, TheWayOfTheDefaultRouteIsNotTaken) {
    Tree tree;
    tree.server().nic(kNic, "ixgbe", "12", "eth1").module_available("vfio/pci/vfio-pci");
    Machine machine = tree.read();
    Interface used = interface("eth1");
    used.use.has_default_route = true;
    machine.interfaces = {{"eth1", used}};
    const Finding finding = bound(machine);
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.says, HasSubstr("eth1 leads to the default route"));
    EXPECT_THAT(finding.mend, IsEmpty());
}

TEST(Pci, ABoundNicThatStaysBoundIsWell) {
    Tree tree;
    tree.server().nic(kNic, "vfio-pci", "12").kept(kNic, "vfio-pci");
    for (const Finding &finding : of_port(tree.read(), config_of(kNic)))
        EXPECT_EQ(finding.level, Level::OK) << finding.check << ": " << finding.says;
}

TEST(Pci, ABindingOfThisBootIsAWarning) {
    Tree tree;
    tree.server().nic(kNic, "vfio-pci", "12");
    const auto findings = of_port(tree.read(), config_of(kNic));
    EXPECT_EQ(find(findings, "boot").level, Level::WARN);
    EXPECT_THAT(find(findings, "boot").mend,
                ElementsAre("sudo driverctl set-override 0000:03:00.0 vfio-pci"));
    EXPECT_EQ(first_wrong(findings), "");
}

TEST(Pci, ANeighbourInTheGroupStandsInTheWay) {
    Tree tree;
    tree.server().nic(kNic, "vfio-pci", "12").nic(kNeighbour, "ixgbe", "12", "eth2");
    // A bridge of the same group is none that VFIO minds.
    tree.nic("0000:00:1c.0", "pcieport", "12");
    Machine machine = tree.read();
    Finding group = find(of_port(machine, config_of(kNic)), "group");
    EXPECT_EQ(group.level, Level::WRONG);
    EXPECT_THAT(group.says, HasSubstr("has 0000:03:00.1 (ixgbe) too"));
    EXPECT_THAT(group.mend, ElementsAre("sudo driverctl set-override 0000:03:00.1 vfio-pci"));
    Interface used = interface("eth2");
    used.use.addresses = {"192.0.2.1/24"};
    machine.interfaces = {{"eth2", used}};
    group = find(of_port(machine, config_of(kNic)), "group");
    EXPECT_THAT(group.mend, IsEmpty());
}

TEST(Pci, ANeighbourThatIsBoundTooDoesNot) {
    Tree tree;
    tree.server().nic(kNic, "vfio-pci", "12").nic(kNeighbour, "vfio-pci", "12");
    tree.nic("0000:03:00.2", "", "12");
    EXPECT_EQ(find(of_port(tree.read(), config_of(kNic)), "group").level, Level::OK);
}

TEST(Pci, UioOnAMachineWithAnIommuNeedsPhysicalAddresses) {
    Tree tree;
    tree.server().nic(kNic, "uio_pci_generic", "12");
    const Machine machine = tree.read();
    config::Config config = config_of(kNic);
    const Finding finding = find(of_port(machine, config), "iova");
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.mend, ElementsAre("eal = [\"--iova-mode=pa\"] in [daemon]"));
    config.daemon.eal = {"--iova-mode=pa"};
    EXPECT_EQ(first_wrong(of_port(machine, config)), "");
}

TEST(Pci, UioBehindAnIommuThatTranslatesCannotWork) {
    Tree tree;
    tree.server().nic(kNic, "uio_pci_generic", "12").module_available("vfio/pci/vfio-pci");
    tree.file("sys/kernel/iommu_groups/12/type", "DMA-FQ\n");
    config::Config config = config_of(kNic);
    config.daemon.eal = {"--iova-mode", "pa"};
    const Finding finding = find(of_port(tree.read(), config), "iova");
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.mend, ElementsAre("sudo driverctl set-override 0000:03:00.0 vfio-pci"));
}

TEST(Pci, UioNeedsHugePagesAndACapability) {
    Tree tree;
    tree.server().nic(kNic, "uio_pci_generic").huge_pages(16, 16);
    tree.file("lib/systemd/system/laggd.service");
    const auto findings = of_port(tree.read(), config_of(kNic));
    EXPECT_EQ(find(findings, "hugepages").level, Level::WRONG);
    EXPECT_EQ(find(findings, "iova").level, Level::OK);
    EXPECT_EQ(find(findings, "service").level, Level::WARN);
    // A running daemon holds pages that are not free for that reason.
    tree.huge_pages(256, 3);
    EXPECT_EQ(find(of_port(tree.read(), config_of(kNic)), "hugepages").level, Level::OK);
}

TEST(Pci, VfioWithoutAnIommuIsWrong) {
    Tree tree;
    tree.server().nic(kNic, "vfio-pci").module_available("uio/uio_pci_generic");
    const Finding finding = find(of_port(tree.read(), config_of(kNic)), "iommu");
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.mend,
                ElementsAre("sudo driverctl set-override 0000:03:00.0 uio_pci_generic"));
    tree.file("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
    EXPECT_EQ(find(of_port(tree.read(), config_of(kNic)), "iommu").level, Level::WARN);
}

TEST(Pci, MellanoxStaysWhereItIs) {
    Tree tree;
    tree.server().nic(kNic, "mlx5_core", "12", "eth1");
    EXPECT_EQ(first_wrong(of_port(tree.read(), config_of(kNic))), "");
}

TEST(Pci, AWorkerOnAnotherNode) {
    Tree tree;
    tree.server().nic(kNic, "vfio-pci", "12").kept(kNic, "vfio-pci");
    tree.file(std::string("sys/bus/pci/devices/") + kNic + "/numa_node", "0\n");
    config::Config config = config_of(kNic);
    EXPECT_EQ(find(of_port(tree.read(), config), "numa").level, Level::WARN); // auto is core 3
    config.daemon.workers = {1};
    EXPECT_EQ(find(of_port(tree.read(), config), "numa").level, Level::OK);
}

TEST(Pci, AbsentDevicesAndAbsentBuses) {
    Tree tree;
    EXPECT_THAT(first_wrong(of_port(tree.read(), config_of(kNic))), HasSubstr("no /sys/bus/pci"));
    tree.server();
    EXPECT_EQ(first_wrong(of_port(tree.read(), config_of(kNic))),
              "there is no PCI device 0000:03:00.0 on this machine; `lspci -D` lists them");
}

TEST(Machine, HugePagesAreCountedBesideThoseInUse) {
    Tree tree;
    tree.server().huge_pages(40, 30);
    config::Config config = config_of("net_null0");
    Finding finding = find(check_machine(tree.read(), config), "hugepages");
    EXPECT_EQ(finding.level, Level::WARN);
    // 271 MiB are 136 pages, and 10 are in use.
    EXPECT_EQ(memory_needed(config) >> 20, 271U);
    EXPECT_THAT(finding.mend.front(), HasSubstr("vm.nr_hugepages=146 "));
    config.daemon.memory = config::Memory::HUGEPAGES;
    EXPECT_EQ(find(check_machine(tree.read(), config), "hugepages").level, Level::WRONG);
    // All of them there, and in use: by a daemon that runs.
    tree.huge_pages(256, 3);
    EXPECT_EQ(find(check_machine(tree.read(), config), "hugepages").level, Level::WARN);
    tree.huge_pages(256, 200);
    EXPECT_EQ(find(check_machine(tree.read(), config), "hugepages").level, Level::OK);
}

// Rings that are filled one after the other leave nothing for the last ports.
TEST(Machine, BuffersCoverTheRingsOfAllPorts) {
    config::Config config = config_of("net_tap0,iface=t0");
    for (int i = 1; i < 32; ++i) {
        const std::string number = std::to_string(i);
        config.ports.push_back({.name = "t" + number, .device = "net_tap" + number});
        config.laggs[0].ports.push_back("t" + number);
    }
    const port::PoolNeed needed = buffers_needed(config);
    EXPECT_GE(needed.data, 32U * 1024);
    EXPECT_GE(pools_of(config).data, needed.data);
    EXPECT_GT(memory_needed(config), port::pool_bytes_needed(32 * 1024));
    EXPECT_EQ(check_buffers(config).level, Level::OK);

    config.daemon.buffers = 16384;
    const Finding finding = find(check_machine(Machine{}, config), "buffers");
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.says, HasSubstr("buffers = 16384, and " + std::to_string(needed.data) +
                                        " packet buffers are needed"));
    EXPECT_THAT(finding.mend, ElementsAre("buffers = \"auto\" in [daemon]"));
    config.daemon.buffers = static_cast<unsigned>(needed.data);
    EXPECT_EQ(check_buffers(config).level, Level::OK);
}

TEST(Machine, BuffersAreCountedForWhatKeepsThem) {
    constexpr uint64_t slow_queue = port::kSlowQueueFrames;
    const uint64_t none = buffers_needed(config_of("net_null0")).data;
    EXPECT_EQ(buffers_needed(config_of("net_af_packet,iface=eth1")).data, none);
    EXPECT_EQ(buffers_needed(config_of("net_ring0")).data, none + 1024);
    EXPECT_EQ(buffers_needed(config_of("net_tap0")).data, none + 1024 + slow_queue);
    EXPECT_EQ(buffers_needed(config_of(kNic)).data, none + 2048 + slow_queue);
    EXPECT_GE(pools_of(config_of(kNic)).slow, buffers_needed(config_of(kNic)).slow);
    config::Config config = config_of(kNic);
    config.ports[0].descriptors = 4096;
    EXPECT_EQ(buffers_needed(config).data, none + 8192 + slow_queue);
    config.daemon.workers = {1, 2};
    EXPECT_GE(buffers_needed(config).data, 2 * 8192U);
    config.ports.push_back({.name = "spare", .device = "net_tap0"});
    const uint64_t without = buffers_needed(config).data;
    config.ports.pop_back();
    EXPECT_EQ(buffers_needed(config).data, without) << "a port that no lagg uses is not opened";
}

TEST(Machine, OpenFilesAreCountedForEachQueueOfEachPort) {
    config::Config config = config_of("net_af_packet,iface=eth1");
    const uint64_t one = descriptors_needed(config);
    config.ports.push_back({.name = "spare", .device = "net_tap0"});
    EXPECT_EQ(descriptors_needed(config), one) << "a port that no lagg uses is not opened";
    config.laggs[0].ports.push_back("spare");
    const uint64_t two = descriptors_needed(config);
    EXPECT_GT(two, one);
    config.ports[0].device += ",qpairs=20";
    EXPECT_GE(descriptors_needed(config), two + 2 * 18);
    config.ports[0].device += "00000";
    EXPECT_LT(descriptors_needed(config), 1000U) << "more than net_af_packet has";
    config.daemon.workers = {1, 2, 3, 4};
    EXPECT_GE(descriptors_needed(config), two + 3 * 2 * 2 + 3);
}

TEST(Machine, TheTunDeviceIsMissedWhereALaggWantsIt) {
    Tree tree;
    tree.file("sys/devices/system/cpu/online", "0-3\n").module_available("net/tun");
    config::Config config = config_of("net_null0");
    Finding finding = find(check_machine(tree.read(), config), "tun");
    EXPECT_EQ(finding.level, Level::WRONG);
    EXPECT_THAT(finding.mend, ElementsAre("sudo modprobe tun"));
    config.laggs[0].upper.kind = config::UpperKind::NONE;
    EXPECT_EQ(find(check_machine(tree.read(), config), "tun").level, Level::WARN);
    EXPECT_EQ(find(check_machine(Machine{}, config_of("net_null0")), "tun").level, Level::WRONG);
}

TEST(Machine, WorkersOnCores) {
    Tree tree;
    tree.server();
    config::Config config = config_of("net_null0");
    config.daemon.workers = {9};
    EXPECT_EQ(find(check_machine(tree.read(), config), "cores").level, Level::WRONG);
    tree.file("sys/devices/system/cpu/isolated", "2-3\n");
    config.daemon.workers = {1};
    EXPECT_EQ(find(check_machine(tree.read(), config), "cores").level, Level::WARN);
    config.daemon.workers = {3};
    EXPECT_EQ(find(check_machine(tree.read(), config), "cores").level, Level::OK);
}

TEST(Machine, AContainerIsNoTrouble) {
    Tree tree;
    tree.file("sys/devices/system/cpu/online", "0-3\n").file("dev/net/tun").huge_pages(256, 256);
    EXPECT_EQ(first_wrong(check_machine(tree.read(), config_of("net_null0"))), "");
    EXPECT_THAT(ports_of_every_nic(tree.read()), IsEmpty());
}

class KernelPort : public testing::Test {
  protected:
    KernelPort() { machine.interfaces = {{"eth1", interface("eth1")}}; }
    kernel::InterfaceUse &use() { return machine.interfaces->at("eth1").use; }
    Finding in_use() { return find(of_port(machine, config), "in_use"); }

    Machine machine;
    config::Config config = config_of("net_af_packet,iface=eth1");
};

TEST_F(KernelPort, IsWellWhenNobodyElseUsesIt) {
    for (const Finding &finding : of_port(machine, config))
        EXPECT_EQ(finding.level, Level::OK) << finding.check << ": " << finding.says;
}

TEST_F(KernelPort, EveryOtherUseIsRefusedUnlessMeant) {
    using Edit = void (*)(kernel::InterfaceUse &);
    const std::vector<std::tuple<Edit, const char *, std::vector<std::string>>> uses{
        {[](auto &u) { u.addresses = {"192.0.2.1/24"}; },
         "has the address 192.0.2.1/24",
         {"sudo ip address flush dev eth1"}},
        {[](auto &u) { u.routes = {"198.51.100.0/24"}; },
         "is named by the route to 198.51.100.0/24",
         {"sudo ip route flush dev eth1", "sudo ip -6 route flush dev eth1"}},
        {[](auto &u) {
             u.master = "br0";
             u.master_kind = "bridge";
         },
         "is a port of bridge br0",
         {"sudo ip link set eth1 nomaster"}},
        {[](auto &u) { u.above = {"eth1.7"}; },
         "has eth1.7 standing on it",
         {"sudo ip link delete eth1.7"}},
        {[](auto &u) { u.lagg_tap = true; }, "is the interface of a lagg itself", {}},
        {[](auto &u) {
             u.routes = {"default"};
             u.has_default_route = true;
         },
         "leads to the default route",
         {}},
    };
    for (const auto &[edit, words, mend] : uses) {
        use() = interface("eth1").use;
        config.ports[0].in_use = false;
        edit(use());
        EXPECT_EQ(in_use().level, Level::WRONG) << words;
        EXPECT_THAT(in_use().says, HasSubstr(std::string("interface eth1 ") + words));
        EXPECT_THAT(in_use().says, HasSubstr("in_use = true"));
        EXPECT_EQ(in_use().mend, mend) << words;
        config.ports[0].in_use = true;
        EXPECT_EQ(in_use().level, Level::OK) << words;
    }
}

/// lagg0 has lagg0.5 standing on it and is in br0; lagg1 is there as well.
class LoopedPort : public testing::Test {
  protected:
    LoopedPort() {
        machine.interfaces.emplace();
        for (const char *name : {"lagg0", "lagg0.5", "br0", "lagg1", "eth1"})
            machine.interfaces->emplace(name, interface(name));
        kernel::InterfaceUse &lagg0 = machine.interfaces->at("lagg0").use;
        lagg0.above = {"lagg0.5"};
        lagg0.master = "br0";
        lagg0.master_kind = "bridge";
    }
    std::string loop(const config::Config &config) {
        const Finding finding = find(of_port(machine, config), "loop");
        return finding.level == Level::WRONG ? finding.says : "";
    }
    Machine machine;
};

TEST_F(LoopedPort, WhatStandsOnALaggIsNoPortOfIt) {
    for (const std::string name : {"lagg0", "lagg0.5", "br0"})
        EXPECT_EQ(loop(config_of("net_af_packet,iface=" + name)),
                  "interface " + name +
                      " gets its frames from lagg0 and would be a port of it; they would go round "
                      "for ever: name another");
    EXPECT_EQ(loop(config_of("net_af_packet,iface=eth1")), "");
    config::Config other = config_of("net_af_packet,iface=lagg0.5");
    other.laggs[0].name = "lagg1";
    EXPECT_EQ(loop(other), "") << "another lagg may stand there";
    machine.interfaces->at("lagg0").use.master_kind = "vrf";
    EXPECT_EQ(loop(config_of("net_af_packet,iface=br0")), "");
}

TEST_F(LoopedPort, TheWayMayLeadThroughOtherLaggs) {
    config::Config config = config_of("net_af_packet,iface=lagg1");
    EXPECT_EQ(loop(config), "");
    config.ports.push_back({.name = "p1", .device = "net_af_xdp,iface=lagg0.5"});
    config.laggs.push_back({.name = "lagg1", .ports = {"p1"}});
    EXPECT_NE(loop(config), "");
    config.laggs[0].upper.kind = config::UpperKind::NONE;
    EXPECT_EQ(loop(config), "") << "an interface of that name is not lagg0's then";
}

TEST_F(KernelPort, IsMissed) {
    config = config_of("net_af_xdp,iface=eth9");
    EXPECT_EQ(first_wrong(of_port(machine, config)),
              "there is no kernel interface 'eth9'; `ip link` lists them");
}

TEST_F(KernelPort, AnMtuItCannotHave) {
    use().max_mtu = 1500;
    config.laggs[0].mtu = 9000;
    EXPECT_EQ(find(of_port(machine, config), "mtu").level, Level::WRONG);
    use().max_mtu = 65535;
    EXPECT_EQ(find(of_port(machine, config), "mtu").level, Level::OK);
}

TEST_F(KernelPort, OffloadsAreAWarning) {
    machine.interfaces->at("eth1").offloads->on = {"gro", "tso"};
    const Finding finding = find(of_port(machine, config), "offloads");
    EXPECT_EQ(finding.level, Level::WARN);
    EXPECT_THAT(finding.mend, ElementsAre("sudo ethtool -K eth1 gro off tso off"));
}

TEST_F(KernelPort, OtherVdevsAreNotLookedAt) {
    use().addresses = {"192.0.2.1/24"};
    config = config_of("net_tap0,iface=eth1");
    EXPECT_EQ(first_wrong(of_port(machine, config)), "");
}

} // namespace
} // namespace lagg::host
