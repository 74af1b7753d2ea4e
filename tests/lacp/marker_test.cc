// The Marker codec and the Responder, alone and inside a System.
#include "tests/lacp/lone_system.hh"

namespace lagg::lacp {
namespace {

constexpr MacAddress kResponder{0x02, 0x00, 0x5e, 0x10, 0x20, 0x30};
constexpr MarkerPdu kMarker{false, 0x0102, {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}, 0x03040506};

// clang-format off
constexpr Frame kMarkerFrame{
    0x01, 0x80, 0xc2, 0x00, 0x00, 0x02,  0x02, 0x00, 0x5e, 0x10, 0x20, 0x30,  0x88, 0x09,
    0x02, 0x01,
    0x01, 0x10,  0x01, 0x02,  0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,  0x03, 0x04, 0x05, 0x06,
};
// clang-format on

TEST(Marker, EncodesEveryFieldAtItsPlaceAndLeavesTheRestZero) {
    EXPECT_EQ(encode(kMarker, kResponder), kMarkerFrame);
    Frame response = kMarkerFrame;
    response[16] = 2;
    EXPECT_EQ(encode(*respond(kMarker), kResponder), response);
}

TEST(Marker, RefusesTruncationsAndWrongTlvs) {
    EXPECT_EQ(decode_marker(kMarkerFrame), kMarker);
    for (size_t length = 0; length < kFrameLength; ++length) {
        const std::vector<uint8_t> cut(kMarkerFrame.begin(), kMarkerFrame.begin() + length);
        EXPECT_FALSE(decode_marker(cut)) << length;
    }
    for (const auto &[place, value] : {std::pair{16, 0}, {16, 3}, {17, 15}, {17, 17}}) {
        Frame frame = kMarkerFrame;
        frame[static_cast<size_t>(place)] = static_cast<uint8_t>(value);
        EXPECT_FALSE(decode_marker(frame)) << place;
    }
}

TEST(MarkerResponder, AnswersWithTheSameTransactionFromThePortsOwnAddress) {
    LoneSystem us;
    us.add(1);
    us.recorder.actions.clear();
    us.step(SlowFrameReceived{1, kMarkerFrame});
    const auto sent = us.recorder.all<SendFrame>();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].port, 1);
    EXPECT_EQ(sent[0].frame, encode(*respond(kMarker), us.port(1).address));
    EXPECT_EQ(us.port(1).counters.marker_pdus_rx, 1U);
    EXPECT_EQ(us.port(1).counters.marker_response_pdus_tx, 1U);
}

// Two responders that answered Responses would keep each other busy for ever.
TEST(MarkerResponder, NeverAnswersAResponse) {
    LoneSystem us;
    us.add(1);
    us.recorder.actions.clear();
    const Frame response = encode(*respond(kMarker), kResponder);
    us.step(SlowFrameReceived{1, response});
    EXPECT_TRUE(us.recorder.markers().empty());
    EXPECT_EQ(us.port(1).counters.marker_response_pdus_rx, 1U);
    EXPECT_EQ(us.port(1).counters.marker_response_pdus_tx, 0U);
}

TEST(MarkerResponder, AnswersFiveInASecondAndStopsBelowTheSlowProtocolsLimit) {
    LoneSystem us;
    us.add(1);
    us.recorder.actions.clear();
    for (int i = 0; i < 5; ++i)
        us.step(SlowFrameReceived{1, kMarkerFrame});
    EXPECT_EQ(us.recorder.markers().size(), 5U);

    for (int i = 0; i < 100; ++i) {
        us.receive_reply(1);
        Lacpdu stale = us.reply(1);
        stale.partner.key = 0;
        us.receive(1, stale);
        us.step(SlowFrameReceived{1, kMarkerFrame});
    }
    EXPECT_LE(us.recorder.all<SendFrame>().size(), 10U);
    EXPECT_EQ(us.port(1).counters.marker_pdus_rx, 105U);

    us.run(1000ms);
    us.recorder.actions.clear();
    us.step(SlowFrameReceived{1, kMarkerFrame});
    EXPECT_EQ(us.recorder.markers().size(), 1U) << "a second later there is room again";
}

TEST(MarkerResponder, IsSilentOnADisabledOrLeavingPort) {
    LoneSystem us;
    us.add(1);
    us.add(2);
    us.link(1, false);
    us.step(PortLeaving{2});
    us.recorder.actions.clear();
    us.step(SlowFrameReceived{1, kMarkerFrame});
    us.step(SlowFrameReceived{2, kMarkerFrame});
    EXPECT_TRUE(us.recorder.all<SendFrame>().empty());
}

TEST(MarkerResponder, CountsMalformedMarkersAsIllegal) {
    LoneSystem us;
    us.add(1);
    Frame bad = kMarkerFrame;
    bad[17] = 15;
    us.step(SlowFrameReceived{1, bad});
    us.step(SlowFrameReceived{1, std::span(kMarkerFrame).first(60)});
    EXPECT_EQ(us.port(1).counters.illegal_rx, 2U);
    EXPECT_EQ(us.port(1).counters.marker_pdus_rx, 0U);
}

} // namespace
} // namespace lagg::lacp
