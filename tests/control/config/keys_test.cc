// A table that only this test has: one row a key is all it takes to read, write, compare and
// describe it.
#include "control/config/describe_keys.hh"
#include "control/config/differences.hh"
#include "control/config/key_kinds.hh"

#include <gtest/gtest.h>

namespace lagg::config {
namespace {

struct Lamp {
    uint16_t brightness = 70;
    std::optional<uint16_t> hue;
    bool lit = false;
};
struct Room {
    std::string log = "info";
    Lamp lamp;
};

const Keys<Lamp> &lamp_keys() {
    static const Keys<Lamp> keys = {
        number("brightness", &Lamp::brightness, {1, 100},
               {.cost = Cost::RESTARTS_PORT, .sentence = "How bright it is", .unit = "%"}),
        number("hue", &Lamp::hue, {0, 359}, {.sentence = "Its colour", .absent = "white"}),
        boolean("lit", &Lamp::lit, {.sentence = "Whether it is on"}),
    };
    return keys;
}

const Keys<Room> &room_keys() {
    static const Keys<Room> keys = {
        word("log", &Room::log, kLogLevels, {.sentence = "What is told"}),
        table("lamp", &Room::lamp, lamp_keys(), {.sentence = "The lamp"}),
    };
    return keys;
}

struct RoomRead {
    Room room;
    std::vector<std::string> messages;
    Positions positions;
};

RoomRead read_room(const std::string &text) {
    const auto document = parse_document(text, "f");
    Reading reading{Complaints("f"), {}};
    TableReader reader(std::get<Node>(document), {"in the room", "the room", "", ""}, reading);
    RoomRead out;
    read_table(reader, room_keys(), out.room);
    out.positions = reading.positions;
    if (!reading.complaints.empty())
        for (const Mistake &mistake : std::move(reading.complaints).take().list)
            out.messages.push_back(to_string(mistake));
    return out;
}

TEST(Keys, ARowIsRead) {
    const RoomRead read = read_room("log = \"Debug\"\nlamp = { hue = 7, lit = true }\n");
    EXPECT_EQ(read.messages, std::vector<std::string>{});
    EXPECT_EQ(read.room.log, "debug");
    EXPECT_EQ(read.room.lamp.brightness, 70);
    EXPECT_EQ(read.room.lamp.hue, 7);
    EXPECT_TRUE(read.room.lamp.lit);
    EXPECT_EQ(read.positions.of("lamp.hue"), (Position{2, 16}));
}

TEST(Keys, ARowKnowsItsMistakes) {
    const RoomRead read = read_room("lamp = { brightness = 101, hue = \"red\", hues = 1 }\n");
    EXPECT_EQ(read.messages,
              (std::vector<std::string>{
                  "f:1:23: 'lamp.brightness' of the room is 101, which is out of range; allowed is "
                  "1 to 100",
                  "f:1:34: 'lamp.hue' of the room must be an integer, not the string \"red\"",
                  "f:1:41: unknown key 'hues' in 'lamp' of the room; did you mean 'hue'?"}));
    EXPECT_EQ(read.room.lamp.brightness, 70);
}

TEST(Keys, ARowIsWritten) {
    Room room;
    room.lamp.hue = 120;
    const Node node = write_table(room_keys(), room);
    EXPECT_EQ(to_toml(node), "log = \"info\"\n\n[lamp]\nbrightness = 70\nhue = 120\nlit = false\n");
    EXPECT_EQ(to_json(node), R"({"log":"info","lamp":{"brightness":70,"hue":120,"lit":false}})");
    EXPECT_EQ(to_toml(without_defaults(rows_of(room_keys()), node)), "[lamp]\nhue = 120\n");
}

TEST(Keys, ARowIsCompared) {
    const Room from;
    Room to;
    to.lamp = {.brightness = 71, .hue = 1, .lit = false};
    const auto found = differences(rows_of(room_keys()), write_table(room_keys(), from),
                                   write_table(room_keys(), to));
    EXPECT_EQ(found, (std::vector<Difference>{{"lamp.brightness", "70", "71", Cost::RESTARTS_PORT},
                                              {"lamp.hue", "", "1", Cost::NOTHING}}));
}

TEST(Keys, ARowIsDescribed) {
    EXPECT_EQ(describe_rows(rows_of(lamp_keys())), R"([
  {
    "path": "brightness",
    "type": "integer",
    "minimum": 1,
    "maximum": 100,
    "default": 70,
    "unit": "%",
    "cost": "restarts_port",
    "sentence": "How bright it is"
  },
  {
    "path": "hue",
    "type": "integer",
    "minimum": 0,
    "maximum": 359,
    "absent": "white",
    "cost": "nothing",
    "sentence": "Its colour"
  },
  {
    "path": "lit",
    "type": "boolean",
    "default": false,
    "cost": "nothing",
    "sentence": "Whether it is on"
  }
])");
}

TEST(Keys, ARowIsInTheSchema) {
    const std::string schema = schema_of_rows(rows_of(room_keys()));
    for (const char *part : {R"("maximum": 359)", R"("enum": [)", R"("default": "info")",
                             R"(^([Ee][Rr][Rr][Oo][Rr]|)", R"("additionalProperties": false)"})
        EXPECT_NE(schema.find(part), std::string::npos) << part << " in\n" << schema;
}

} // namespace
} // namespace lagg::config
