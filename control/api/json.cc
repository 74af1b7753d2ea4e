// JSON by walking the field lists: one pair of functions for each shape a field can have.
#include "control/api/json.hh"

#include "control/api/fields.hh"

#include <nlohmann/json.hpp>

namespace lagg::api {
namespace {

using nlohmann::json;

template <typename T> void encode(json &out, const T &value) {
    out = value;
}
/// A word is written for an enumeration, and one that is not known is read as what is not known.
template <typename E> void encode(json &out, const Worded<E> &state) {
    out = state.text();
}
void encode(json &out, const LacpFlags &flags) {
    out = flags.text();
}
template <typename T> void encode(json &out, const std::optional<T> &value);
template <typename T> void encode(json &out, const std::vector<T> &list);
template <Record T> void encode(json &out, const T &record);

template <typename T> void decode(const json &in, T &value) {
    in.get_to(value);
}
template <typename E> void decode(const json &in, Worded<E> &state) {
    state = Worded<E>::of(in.get<std::string>()).value_or(E{});
}
void decode(const json &in, LacpFlags &flags) {
    flags = LacpFlags::of(in.get<std::string>()).value_or(LacpFlags());
}
template <typename T> void decode(const json &in, std::optional<T> &value);
template <typename T> void decode(const json &in, std::vector<T> &list);
template <Record T> void decode(const json &in, T &record);

template <typename T> void encode(json &out, const std::optional<T> &value) {
    if (value)
        encode(out, *value);
    else
        out = nullptr;
}

template <typename T> void decode(const json &in, std::optional<T> &value) {
    decode(in, value.emplace());
}

template <typename T> void encode(json &out, const std::vector<T> &list) {
    out = json::array();
    for (const T &item : list)
        encode(out.emplace_back(), item);
}

template <typename T> void decode(const json &in, std::vector<T> &list) {
    if (!in.is_array())
        throw json::type_error::create(302, std::string("not an array but ") + in.type_name(), &in);
    list.clear();
    for (const json &item : in)
        decode(item, list.emplace_back());
}

template <Record T> void encode(json &out, const T &record) {
    out = json::object();
    for_each_field(record, [&](const char *name, const auto &field) { encode(out[name], field); });
}

// A key that is absent leaves the field as it was made. So does null: that is how an absent
// optional is written, and how JSON writes a number that is not finite.
template <Record T> void decode(const json &in, T &record) {
    if (!in.is_object())
        throw json::type_error::create(302, std::string("not an object but ") + in.type_name(),
                                       &in);
    record = T{};
    for_each_field(record, [&](const char *name, auto &field) {
        if (const auto found = in.find(name); found != in.end() && !found->is_null())
            decode(*found, field);
    });
}

} // namespace

void to_json(json &json, const Status &status) {
    encode(json, status);
}
void from_json(const json &json, Status &status) {
    decode(json, status);
}
void to_json(json &json, const Lagg &lagg) {
    encode(json, lagg);
}
void from_json(const json &json, Lagg &lagg) {
    decode(json, lagg);
}
void to_json(json &json, const PortHistory &history) {
    encode(json, history);
}
void from_json(const json &json, PortHistory &history) {
    decode(json, history);
}
void to_json(json &json, const ExtendedCounters &counters) {
    encode(json, counters);
}
void from_json(const json &json, ExtendedCounters &counters) {
    decode(json, counters);
}

void to_json(json &json, const FlowQuestion &question) {
    encode(json, question);
}
void from_json(const json &json, FlowQuestion &question) {
    decode(json, question);
}
void to_json(json &json, const FlowAnswer &answer) {
    encode(json, answer);
}
void from_json(const json &json, FlowAnswer &answer) {
    decode(json, answer);
}

} // namespace lagg::api
