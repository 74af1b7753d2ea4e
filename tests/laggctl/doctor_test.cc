// The doctor's pages, from machines that are plain data, and the whole command with a file.
#include "laggctl/doctor.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace lagg::ctl {
namespace {

using testing::HasSubstr;

host::Machine machine_with_a_nic() {
    host::Machine machine;
    machine.sees_pci = true;
    machine.pci["0000:03:00.0"] = {
        .address = "0000:03:00.0", .driver = "ixgbe", .is_network = true, .interfaces = {"eth1"}};
    machine.pci["0000:00:1f.0"] = {.address = "0000:00:1f.0", .driver = "ahci"};
    machine.uio_pci_generic = host::Module::AVAILABLE;
    machine.has_tun_device = true;
    machine.cpus = {0, 1};
    return machine;
}

config::Config config_with(const std::string &device) {
    config::Config config;
    config.ports = {{.name = "p0", .device = device}};
    return config;
}

size_t wrong_in(const std::vector<Examined> &examined) {
    size_t wrong = 0;
    for (const Examined &one : examined)
        for (const host::Finding &finding : one.findings)
            wrong += finding.level == host::Level::WRONG ? 1 : 0;
    return wrong;
}

TEST(Doctor, ANicThatIsAskedForIsWrong) {
    const auto examined = examine(machine_with_a_nic(), config_with("0000:03:00.0"));
    EXPECT_EQ(wrong_in(examined), 1U);
    const std::string text = render_examined(examined);
    EXPECT_THAT(text, HasSubstr("\np0  0000:03:00.0\n  WRONG  bound "));
    EXPECT_THAT(text, HasSubstr("    sudo driverctl set-override 0000:03:00.0 uio_pci_generic\n"));
    EXPECT_THAT(text, HasSubstr("\n1 wrong, "));
}

TEST(Doctor, ANicThatNobodyAskedForIsNot) {
    const auto examined = examine_every_nic(machine_with_a_nic(), {});
    ASSERT_EQ(examined.size(), 2U); // not the disks
    EXPECT_EQ(examined[1].name, "eth1");
    EXPECT_EQ(wrong_in(examined), 0U);
    EXPECT_THAT(render_examined(examined), HasSubstr("  warn   bound "));
    EXPECT_THAT(render_examined(examined), HasSubstr("\nnothing is wrong, "));
}

TEST(Doctor, Json) {
    const auto document = nlohmann::json::parse(
        examined_as_json(examine(machine_with_a_nic(), config_with("0000:03:00.0"))));
    ASSERT_EQ(document.size(), 2U);
    EXPECT_EQ(document[0]["name"], "machine");
    const auto &check = document[1]["checks"][0];
    EXPECT_EQ(document[1]["device"], "0000:03:00.0");
    EXPECT_EQ(check["check"], "bound");
    EXPECT_EQ(check["level"], "wrong");
    EXPECT_EQ(check["mend"][0], "sudo driverctl set-override 0000:03:00.0 uio_pci_generic");
}

TEST(Doctor, TheExitCodeIsThatOfWhatItFound) {
    const std::string file = testing::TempDir() + "lagg_doctor_test.toml";
    const auto run = [&file](const std::string &text) {
        std::ofstream(file) << text;
        return run_doctor(file, true, false);
    };
    const std::string daemon = "[daemon]\nmemory = \"none\"\n";
    EXPECT_EQ(run(daemon + "[[port]]\nname = \"p0\"\ndevice = \"net_null0\"\n").code, ExitCode::OK);
    const Outcome unfit =
        run(daemon + "[[port]]\nname = \"p0\"\ndevice = \"net_af_packet,iface=nosuch0\"\n");
    EXPECT_EQ(unfit.code, ExitCode::UNFIT);
    EXPECT_THAT(unfit.standard_output, HasSubstr("there is no kernel interface 'nosuch0'"));
    const Outcome broken = run("[[port]]\n");
    EXPECT_EQ(broken.code, ExitCode::INVALID_CONFIG);
    EXPECT_THAT(broken.standard_error, HasSubstr("lagg_doctor_test.toml:1:1: "));
    std::filesystem::remove(file);
    EXPECT_EQ(run_doctor(file, true, false).code, ExitCode::INVALID_CONFIG);
    EXPECT_EQ(run_doctor(file, false, false).code, ExitCode::OK);
}

} // namespace
} // namespace lagg::ctl
