// LACPDU octets, checked against frames written out by hand from the standard's figure.
#include "tests/lacp/recorder.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace lagg::lacp {
namespace {

constexpr MacAddress kSource{0x02, 0x00, 0x5e, 0x10, 0x20, 0x30};

Lacpdu sample() {
    Lacpdu pdu;
    pdu.actor.system = {0x0102, {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}};
    pdu.actor.key = 0x0304;
    pdu.actor.port = {0x0506, 0x0708};
    pdu.actor.state = state_from_octet(0x3d);
    pdu.partner.system = {0x1112, {0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
    pdu.partner.key = 0x1314;
    pdu.partner.port = {0x1516, 0x1718};
    pdu.partner.state = state_from_octet(0xc7);
    pdu.collector_max_delay = 0x191a;
    return pdu;
}

// clang-format off
constexpr Frame kSampleFrame{
    0x01, 0x80, 0xc2, 0x00, 0x00, 0x02,  0x02, 0x00, 0x5e, 0x10, 0x20, 0x30,  0x88, 0x09,
    0x01, 0x01,
    0x01, 0x14,  0x01, 0x02,  0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,  0x03, 0x04,  0x05, 0x06,
        0x07, 0x08,  0x3d,  0x00, 0x00, 0x00,
    0x02, 0x14,  0x11, 0x12,  0x02, 0x11, 0x22, 0x33, 0x44, 0x55,  0x13, 0x14,  0x15, 0x16,
        0x17, 0x18,  0xc7,  0x00, 0x00, 0x00,
    0x03, 0x10,  0x19, 0x1a,
};
// clang-format on

TEST(Lacpdu, EncodesEveryFieldAtItsPlaceAndLeavesTheRestZero) {
    EXPECT_EQ(encode(sample(), kSource), kSampleFrame);
}

TEST(Lacpdu, DecodesWhatItEncoded) {
    EXPECT_EQ(decode_lacpdu(kSampleFrame), sample());
}

TEST(Lacpdu, StateOctetBitsAreInTheStandardsOrder) {
    for (unsigned octet = 0; octet < 256; ++octet) {
        EXPECT_EQ(to_octet(state_from_octet(static_cast<uint8_t>(octet))), octet);
    }
    EXPECT_TRUE(state_from_octet(0x01).activity);
    EXPECT_TRUE(state_from_octet(0x02).timeout);
    EXPECT_TRUE(state_from_octet(0x04).aggregation);
    EXPECT_TRUE(state_from_octet(0x08).synchronization);
    EXPECT_TRUE(state_from_octet(0x10).collecting);
    EXPECT_TRUE(state_from_octet(0x20).distributing);
    EXPECT_TRUE(state_from_octet(0x40).defaulted);
    EXPECT_TRUE(state_from_octet(0x80).expired);
}

TEST(Lacpdu, RefusesEveryTruncation) {
    for (size_t length = 0; length < kFrameLength; ++length) {
        // A copy of its own, so that a read past the end is seen by the address sanitizer.
        const std::vector<uint8_t> cut(kSampleFrame.begin(), kSampleFrame.begin() + length);
        EXPECT_FALSE(decode_lacpdu(cut)) << length;
    }
}

TEST(Lacpdu, RefusesAWrongTypeOrLengthInAnyOfTheThreeTlvs) {
    for (const size_t place : {16, 17, 36, 37, 56, 57}) {
        for (const int change : {-1, 1, 64}) {
            Frame frame = kSampleFrame;
            frame[place] = static_cast<uint8_t>(frame[place] + change);
            EXPECT_FALSE(decode_lacpdu(frame)) << place;
        }
    }
}

TEST(Lacpdu, IgnoresReservedOctetsVersionAndWhatFollowsTheThirdTlv) {
    Frame frame = kSampleFrame;
    std::fill(frame.begin() + 33, frame.begin() + 36, uint8_t{0xff});
    std::fill(frame.begin() + 53, frame.begin() + 56, uint8_t{0xff});
    std::fill(frame.begin() + 60, frame.end(), uint8_t{0xff});
    for (const uint8_t version : {0x00, 0x01, 0x02, 0xf1, 0xff}) {
        frame[15] = version;
        EXPECT_EQ(decode_lacpdu(frame), sample()) << int{version};
    }
}

// Version 2 puts its TLVs where version 1 has the Terminator; with all conversation masks the frame
// is some 520 octets longer.
TEST(Lacpdu, AcceptsLongVersion2Frames) {
    std::vector<uint8_t> frame(kSampleFrame.begin(), kSampleFrame.begin() + 72);
    frame[15] = 2;
    const std::vector<std::pair<uint8_t, uint8_t>> tlvs = {
        {0x04, 6}, {0x05, 20}, {0x06, 131}, {0x07, 130}, {0x08, 130}, {0x09, 130}, {0x0a, 18}};
    for (const auto &[type, length] : tlvs) {
        frame.push_back(type);
        frame.push_back(length);
        frame.resize(frame.size() + length - 2, 0x5a);
    }
    frame.resize(frame.size() + 52);
    EXPECT_EQ(decode_lacpdu(frame), sample());
}

TEST(SlowProtocol, TellsProtocolsApart) {
    Frame frame = kSampleFrame;
    EXPECT_EQ(classify(frame), SlowProtocol::LACP);
    for (unsigned subtype = 0; subtype < 256; ++subtype) {
        frame[14] = static_cast<uint8_t>(subtype);
        SlowProtocol expected = SlowProtocol::UNKNOWN;
        if (subtype == 1) expected = SlowProtocol::LACP;
        if (subtype == 2) expected = SlowProtocol::MARKER;
        if (subtype == 0 || subtype > 10) expected = SlowProtocol::ILLEGAL;
        EXPECT_EQ(classify(frame), expected) << subtype;
    }
}

TEST(SlowProtocol, LeavesOtherDestinationsAndTaggedFramesAlone) {
    Frame unicast = kSampleFrame;
    std::copy(kSource.begin(), kSource.end(), unicast.begin());
    EXPECT_EQ(classify(unicast), SlowProtocol::UNKNOWN);

    Frame other_bridge_group = kSampleFrame;
    other_bridge_group[5] = 0x03;
    EXPECT_EQ(classify(other_bridge_group), SlowProtocol::UNKNOWN);

    Frame tagged = kSampleFrame;
    tagged[12] = 0x81;
    tagged[13] = 0x00;
    EXPECT_EQ(classify(tagged), SlowProtocol::UNKNOWN);
}

TEST(SlowProtocol, FrameWithoutSubtypeIsIllegal) {
    for (size_t length = 0; length < 15; ++length) {
        const std::vector<uint8_t> cut(kSampleFrame.begin(), kSampleFrame.begin() + length);
        EXPECT_EQ(classify(cut), SlowProtocol::ILLEGAL) << length;
    }
}

} // namespace
} // namespace lagg::lacp
