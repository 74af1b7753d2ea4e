#include "control/recording/codec.hh"

#include "lacp/transcript.hh"

#include <nlohmann/json.hpp>

#include <cassert>
#include <stdexcept>

namespace lagg::recording {

using namespace lacp;
// Keys stay in the order they are written in, the time first.
using json = nlohmann::ordered_json;

namespace {

std::string to_hex(std::span<const uint8_t> bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

uint8_t digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
    throw std::invalid_argument(std::string("'") + c + "' is no hexadecimal digit");
}

std::vector<uint8_t> from_hex(const std::string &text) {
    if (text.size() % 2 != 0) throw std::invalid_argument("half an octet in " + text);
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < text.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(digit(text[i]) << 4U | digit(text[i + 1])));
    return bytes;
}

// ---- fields: put() and get() of every type that a parameter has

template <class T> void put(json &out, const T &value) {
    out = value;
}
template <class T> void get(const json &in, T &value) {
    in.get_to(value);
}
void put(json &out, const Duration &value) {
    out = value.count();
}
void get(const json &in, Duration &value) {
    value = Duration(in.get<int64_t>());
}
void put(json &out, const MacAddress &value) {
    out = to_hex(value);
}
void get(const json &in, MacAddress &value) {
    const std::vector<uint8_t> bytes = from_hex(in.get<std::string>());
    if (bytes.size() != value.size()) throw std::invalid_argument("an address has 6 octets");
    std::copy(bytes.begin(), bytes.end(), value.begin());
}

// Each list of fields is said once, for both directions.
template <class P, class F> void fields_of_system(P &p, const F &field) {
    field("system_priority", p.system.priority);
    field("system", p.system.address);
    field("coupled_control", p.coupled_control);
    field("aggregator_choice", p.aggregator_choice);
    field("max_links", p.max_links);
    field("revertive", p.revertive);
    field("wait_to_restore_ns", p.wait_to_restore);
    field("churn_detection_ns", p.churn_detection_time);
    field("fallback", p.fallback);
    field("fallback_ns", p.fallback_time);
    field("collector_max_delay", p.collector_max_delay);
}
template <class P, class F> void fields_of_port(P &p, const F &field) {
    field("lacp_enabled", p.lacp_enabled);
    field("active", p.active);
    field("short_timeout", p.short_timeout);
    field("aggregatable", p.aggregatable);
    field("drained", p.drained);
    field("port_priority", p.port_priority);
    field("key", p.key);
    field("partner_system_priority", p.partner_admin.system.priority);
    field("partner_system", p.partner_admin.system.address);
    field("partner_key", p.partner_admin.key);
    field("partner_port_priority", p.partner_admin.port.priority);
    field("partner_port", p.partner_admin.port.number);
}

json to_json(const SystemParameters &p) {
    json out = json::object();
    fields_of_system(p, [&](const char *name, const auto &value) { put(out[name], value); });
    return out;
}
json to_json(const PortParameters &p) {
    json out = json::object();
    fields_of_port(p, [&](const char *name, const auto &value) { put(out[name], value); });
    out["partner_state"] = to_octet(p.partner_admin.state);
    return out;
}
SystemParameters system_from(const json &in) {
    SystemParameters p;
    fields_of_system(p, [&](const char *name, auto &value) { get(in.at(name), value); });
    if (p.aggregator_choice > AggregatorChoice::PARTNER_PRIORITY ||
        p.fallback > Fallback::INDIVIDUAL)
        throw std::invalid_argument("a choice that there is not");
    return p;
}
PortParameters port_from(const json &in) {
    PortParameters p;
    fields_of_port(p, [&](const char *name, auto &value) { get(in.at(name), value); });
    p.partner_admin.state = state_from_octet(in.at("partner_state").get<uint8_t>());
    return p;
}

// ---- events: the name, then what the event has

void write(json &out, const PortAdded &e) {
    out["event"] = "port added";
    out["port"] = e.port;
    put(out["address"], e.address);
    out["parameters"] = to_json(e.parameters);
}
void write(json &out, const PortRemoved &e) {
    out["event"] = "port removed";
    out["port"] = e.port;
}
void write(json &out, const PortLeaving &e) {
    out["event"] = "port leaving";
    out["port"] = e.port;
}
void write(json &out, const PortReturning &e) {
    out["event"] = "port returning";
    out["port"] = e.port;
}
void write(json &out, const PortParametersChanged &e) {
    out["event"] = "port parameters";
    out["port"] = e.port;
    out["parameters"] = to_json(e.parameters);
}
void write(json &out, const SystemParametersChanged &e) {
    out["event"] = "system parameters";
    out["parameters"] = to_json(e.parameters);
}
void write(json &out, const LinkChanged &e) {
    out["event"] = "link";
    out["port"] = e.port;
    out["up"] = e.up;
    out["full_duplex"] = e.full_duplex;
    out["speed_mbps"] = e.speed_mbps;
}
void write(json &out, const SlowFrameReceived &e) {
    out["event"] = "frame";
    out["port"] = e.port;
}
void write(json &out, const MarkerRequested &e) {
    out["event"] = "marker";
    out["port"] = e.port;
    out["transaction_id"] = e.transaction_id;
}
void write(json &out, const TimePassed &) {
    out["event"] = "time";
}

Event event_from(const json &in) {
    const auto name = in.at("event").get<std::string>();
    if (name == "time") return TimePassed{};
    if (name == "system parameters")
        return SystemParametersChanged{system_from(in.at("parameters"))};
    const auto port = in.at("port").get<PortNumber>();
    if (port == 0) throw std::invalid_argument("there is no port 0");
    if (name == "port added") {
        PortAdded added{port, {}, port_from(in.at("parameters"))};
        get(in.at("address"), added.address);
        return added;
    }
    if (name == "port removed") return PortRemoved{port};
    if (name == "port leaving") return PortLeaving{port};
    if (name == "port returning") return PortReturning{port};
    if (name == "port parameters")
        return PortParametersChanged{port, port_from(in.at("parameters"))};
    if (name == "link")
        return LinkChanged{port, in.at("up").get<bool>(), in.at("full_duplex").get<bool>(),
                           in.at("speed_mbps").get<uint32_t>()};
    if (name == "frame") return SlowFrameReceived{port, {}};
    if (name == "marker") return MarkerRequested{port, in.at("transaction_id").get<uint32_t>()};
    throw std::invalid_argument("there is no event \"" + name + '"');
}

void write(json &out, const Start &start) {
    out["event"] = "start";
    out["parameters"] = to_json(start.parameters);
}
void write(json &out, const Input &input) {
    std::visit([&out](const auto &event) { write(out, event); }, input.bare);
    if (!input.frame.empty()) out["frame"] = to_hex(input.frame);
    for (const PortParametersChanged &port : input.ports)
        out["ports"].push_back({{"port", port.port}, {"parameters", to_json(port.parameters)}});
}
void write(json &out, const Output &output) {
    out["action"] = output.text;
    if (!output.frame.empty()) out["frame"] = to_hex(output.frame);
}
void write(json &out, const Lost &lost) {
    out["lost"] = lost.lines;
}

Line line_from(const json &in) {
    if (in.contains("lost")) return {{}, "", Lost{in.at("lost").get<uint64_t>()}};
    Line line{Time{Duration(in.at("ns").get<int64_t>())}, in.at("lagg").get<std::string>(), {}};
    const auto frame = from_hex(in.value("frame", std::string()));
    if (in.contains("action")) {
        Output output;
        output.text = in.at("action").get<std::string>();
        output.frame = frame;
        line.what = output;
    } else if (in.at("event") == "start") {
        line.what = Start{system_from(in.at("parameters"))};
    } else {
        Input input;
        input.bare = event_from(in);
        input.frame = frame;
        for (const json &port : in.value("ports", json::array()))
            input.ports.push_back(
                {port.at("port").get<PortNumber>(), port_from(port.at("parameters"))});
        line.what = input;
    }
    return line;
}

} // namespace

Input::Input(const Event &event) : bare(event) {
    if (auto *received = std::get_if<SlowFrameReceived>(&bare)) {
        frame.assign(received->frame.begin(), received->frame.end());
        received->frame = {};
    }
    if (auto *changed = std::get_if<SystemParametersChanged>(&bare)) {
        ports.assign(changed->ports.begin(), changed->ports.end());
        changed->ports = {};
    }
}

Event Input::event() const {
    Event event = bare;
    if (auto *received = std::get_if<SlowFrameReceived>(&event)) received->frame = frame;
    if (auto *changed = std::get_if<SystemParametersChanged>(&event)) changed->ports = ports;
    return event;
}

Output::Output(const Action &action) : text(to_text(action)) {
    if (const auto *send = std::get_if<SendFrame>(&action))
        frame.assign(send->frame.begin(), send->frame.end());
}

std::string to_json(const Line &line) {
    json out = json::object();
    if (!std::holds_alternative<Lost>(line.what)) {
        out["ns"] = line.time.since_start.count();
        out["lagg"] = line.lagg;
    }
    std::visit([&out](const auto &what) { write(out, what); }, line.what);
    return out.dump();
}

Result<Line> parse(std::string_view text) {
    try {
        return line_from(json::parse(text));
    } catch (const std::exception &error) {
        return Error{std::string("not a line of a recording: ") + error.what()};
    }
}

} // namespace lagg::recording
