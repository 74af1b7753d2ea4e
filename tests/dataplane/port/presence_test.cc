// Whether a PCI device is there, from files like those of the kernel.
#include "dataplane/port/presence.hh"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace lagg::port {

namespace {

constexpr const char *kAddress = "0000:03:00.0";

class PresenceTest : public ::testing::Test {
  protected:
    PresenceTest() {
        std::string pattern = ::testing::TempDir() + "presenceXXXXXX";
        devices_ = mkdtemp(pattern.data());
        std::filesystem::create_directory(devices_ + "/" + kAddress);
    }
    ~PresenceTest() override { std::filesystem::remove_all(devices_); }

    std::string file() const { return devices_ + "/" + kAddress + "/config"; }
    void write(uint16_t vendor, uint16_t command) {
        std::array<uint8_t, 64> octets{};
        octets.fill(vendor == 0xffff ? 0xff : 0);
        octets[0] = static_cast<uint8_t>(vendor);
        octets[1] = static_cast<uint8_t>(vendor >> 8);
        octets[4] = static_cast<uint8_t>(command);
        octets[5] = static_cast<uint8_t>(command >> 8);
        // In place: a device's file is never another one.
        std::fstream out(file(), std::ios::binary | std::ios::in | std::ios::out);
        if (!out) out.open(file(), std::ios::binary | std::ios::out);
        out.write(reinterpret_cast<const char *>(octets.data()), octets.size());
    }

    std::string devices_;
};

} // namespace

TEST_F(PresenceTest, ADeviceThatAnswersIsThere) {
    write(0x8086, 0x0406);
    const Presence presence(kAddress, devices_);
    EXPECT_EQ(presence.look(), Loss::NONE);
    write(0x8086, 0x0007);
    EXPECT_EQ(presence.look(), Loss::NONE) << "other bits do not matter";
}

TEST_F(PresenceTest, OnesMeanThatNobodyAnswers) {
    write(0x8086, 0x0406);
    const Presence presence(kAddress, devices_);
    write(0xffff, 0xffff);
    EXPECT_EQ(presence.look(), Loss::SILENT);
}

TEST_F(PresenceTest, ADeviceThatMayNotAnswerAnyMoreIsLost) {
    write(0x8086, 0x0406);
    const Presence presence(kAddress, devices_);
    write(0x8086, 0x0404);
    EXPECT_EQ(presence.look(), Loss::DISABLED) << "memory space";
    write(0x8086, 0x0402);
    EXPECT_EQ(presence.look(), Loss::DISABLED) << "bus master";
    write(0x8086, 0x0406);
    EXPECT_EQ(presence.look(), Loss::NONE);
}

TEST_F(PresenceTest, WhatWasNeverAllowedIsNotMissed) {
    write(0x8086, 0x0402);
    const Presence presence(kAddress, devices_);
    EXPECT_EQ(presence.look(), Loss::NONE);
}

TEST_F(PresenceTest, AFileThatIsGoneAndCannotBeReadMeansUnplugged) {
    write(0x8086, 0x0406);
    const Presence presence(kAddress, devices_);
    std::filesystem::resize_file(file(), 0);
    EXPECT_EQ(presence.look(), Loss::NONE) << "it has no content, but it is there";
    std::filesystem::remove(file());
    EXPECT_EQ(presence.look(), Loss::UNPLUGGED);
}

TEST_F(PresenceTest, WithoutAFileNothingIsSaid) {
    EXPECT_EQ(Presence("0000:04:00.0", devices_).look(), Loss::NONE);
}

} // namespace lagg::port
