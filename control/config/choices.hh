// The words of the configuration: each once, for reading, writing, showing and describing.
#pragma once

#include "control/config/config.hh"

#include <cassert>
#include <string_view>

namespace lagg::config {

/// A word of the file and what it stands for.
template <typename Value> struct Choice {
    const char *word;
    Value value;
};

inline constexpr Choice<Memory> kMemories[] = {
    {"auto", Memory::AUTO}, {"hugepages", Memory::HUGEPAGES}, {"none", Memory::NONE}};

inline constexpr Choice<Poll> kPolls[] = {{"adaptive", Poll::ADAPTIVE}, {"busy", Poll::BUSY}};

inline constexpr Choice<const char *> kLogLevels[] = {
    {"error", "error"}, {"warning", "warning"}, {"info", "info"}, {"debug", "debug"}};

/// The rows of kProtocolTable but for the first, which no file has a word for.
struct ProtocolChoices {
    Choice<Protocol> all[std::size(kProtocolTable) - 1];
};
inline constexpr ProtocolChoices kProtocolChoices = [] {
    ProtocolChoices choices{};
    for (size_t i = 1; i < std::size(kProtocolTable); ++i)
        choices.all[i - 1] = {kProtocolTable[i].word, kProtocolTable[i].protocol};
    return choices;
}();
inline constexpr const auto &kProtocols = kProtocolChoices.all;

inline constexpr Choice<Weights> kWeights[] = {{"equal", Weights::EQUAL},
                                               {"speed", Weights::SPEED}};

/// What sets the kinds of upper sides apart, as far as the configuration and its checks go.
struct UpperChoice {
    const char *word;
    UpperKind value;
    bool has_interface = false; ///< Upper::has_interface()
    bool takes_port = false;    ///< the word goes with the name of a [[port]]
};
inline constexpr UpperChoice kUpperKinds[] = {
    {.word = "kernel", .value = UpperKind::KERNEL, .has_interface = true},
    {.word = "port", .value = UpperKind::PORT, .takes_port = true},
    {.word = "none", .value = UpperKind::NONE}};

/// `active` and `fast` are words in the file, so that what the other one is can be read there.
inline constexpr Choice<bool> kModes[] = {{"active", true}, {"passive", false}};
inline constexpr Choice<bool> kRates[] = {{"slow", false}, {"fast", true}};
inline constexpr Choice<bool> kMuxes[] = {{"independent", false}, {"coupled", true}};

inline constexpr Choice<Select> kSelects[] = {{"stable", Select::STABLE},
                                              {"bandwidth", Select::BANDWIDTH},
                                              {"count", Select::COUNT},
                                              {"partner_priority", Select::PARTNER_PRIORITY}};

inline constexpr Choice<Fallback> kFallbacks[] = {
    {"none", Fallback::NONE}, {"static", Fallback::STATIC}, {"individual", Fallback::INDIVIDUAL}};

/// The choice of a value, which must have one.
template <typename One, size_t N>
constexpr const One &choice_of(const One (&choices)[N], decltype(One::value) value) {
    for (const One &choice : choices)
        if (choice.value == value) return choice;
    assert(false);
    return choices[0];
}

template <typename One, size_t N>
constexpr const char *word_of(const One (&choices)[N], decltype(One::value) value) {
    return choice_of(choices, value).word;
}

} // namespace lagg::config
