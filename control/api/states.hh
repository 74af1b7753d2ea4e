// States and choices as the program handles them, enumerations whose words stand in JSON and
// nowhere else: a compiler then says which one a reader forgot, and a misspelt one does not
// compile.
#pragma once

#include "control/config/protocol.hh"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lagg::api {

/// The words of an enumeration, in its order. The first is what is not known.
template <typename E> inline constexpr std::array<std::string_view, 0> kWords{};

/// One of an enumeration. A word that is a constant may stand for it.
template <typename E> class Worded {
  public:
    constexpr Worded() = default;
    constexpr Worded(E value) : value_(value) {}
    consteval Worded(const char *word) : value_(of(word).value()) {}

    /// Nothing where there is no such word.
    static constexpr std::optional<E> of(std::string_view word) {
        for (size_t i = 0; i < kWords<E>.size(); ++i)
            if (kWords<E>[i] == word) return static_cast<E>(i);
        return std::nullopt;
    }
    constexpr operator E() const { return value_; }
    std::string text() const { return std::string(kWords<E>[static_cast<size_t>(value_)]); }

    friend constexpr bool operator==(Worded a, Worded b) { return a.value_ == b.value_; }
    friend constexpr bool operator==(Worded a, E b) { return a.value_ == b; }

  private:
    E value_{};
};

// ---- a lagg and its ports

using config::Protocol;
template <>
inline constexpr std::array kWords<Protocol> = [] {
    std::array<std::string_view, std::size(config::kProtocolTable)> words;
    std::ranges::transform(config::kProtocolTable, words.begin(), &config::ProtocolTraits::word);
    return words;
}();

enum class LaggState : uint8_t { UNKNOWN, UP, DEGRADED, NEGOTIATING, DOWN, DISABLED };
template <>
inline constexpr std::array kWords<LaggState> =
    std::to_array<std::string_view>({"", "UP", "DEGRADED", "NEGOTIATING", "DOWN", "DISABLED"});

enum class PortState : uint8_t { UNKNOWN, OPENING, RUNNING, FAILED };
template <>
inline constexpr std::array
    kWords<PortState> = std::to_array<std::string_view>({"", "opening", "running", "failed"});

enum class DrainedBy : uint8_t { NOBODY, CONFIGURATION, OPERATOR };
template <>
inline constexpr std::array
    kWords<DrainedBy> = std::to_array<std::string_view>({"", "configuration", "operator"});

// ---- LACP's machines (IEEE 802.1AX 6.4.12 to 6.4.17)

enum class RxState : uint8_t {
    UNKNOWN,
    INITIALIZE,
    PORT_DISABLED,
    EXPIRED,
    LACP_DISABLED,
    DEFAULTED,
    CURRENT
};
template <>
inline constexpr std::array kWords<RxState> = std::to_array<std::string_view>(
    {"", "INITIALIZE", "PORT_DISABLED", "EXPIRED", "LACP_DISABLED", "DEFAULTED", "CURRENT"});

enum class PeriodicState : uint8_t {
    UNKNOWN,
    NO_PERIODIC,
    FAST_PERIODIC,
    SLOW_PERIODIC,
    PERIODIC_TX
};
template <>
inline constexpr std::array kWords<PeriodicState> = std::to_array<std::string_view>(
    {"", "NO_PERIODIC", "FAST_PERIODIC", "SLOW_PERIODIC", "PERIODIC_TX"});

enum class MuxState : uint8_t {
    UNKNOWN,
    DETACHED,
    WAITING,
    ATTACHED,
    COLLECTING,
    DISTRIBUTING,
    COLLECTING_DISTRIBUTING
};
template <>
inline constexpr std::array kWords<MuxState> =
    std::to_array<std::string_view>({"", "DETACHED", "WAITING", "ATTACHED", "COLLECTING",
                                     "DISTRIBUTING", "COLLECTING_DISTRIBUTING"});

enum class Selected : uint8_t { UNKNOWN, UNSELECTED, SELECTED, STANDBY };
template <>
inline constexpr std::array
    kWords<Selected> = std::to_array<std::string_view>({"", "UNSELECTED", "SELECTED", "STANDBY"});

enum class ChurnState : uint8_t { UNKNOWN, MONITOR, NO_CHURN, CHURN };
template <>
inline constexpr std::array
    kWords<ChurnState> = std::to_array<std::string_view>({"", "MONITOR", "NO_CHURN", "CHURN"});

// ---- what an end of a link says of itself

/// Bits of the state octet (IEEE 802.1AX 6.4.2.3), by their number.
enum class LacpFlag : uint8_t {
    ACTIVITY,
    SHORT_TIMEOUT,
    AGGREGATION,
    SYNCHRONIZATION,
    COLLECTING,
    DISTRIBUTING,
    DEFAULTED,
    EXPIRED
};

/// The state octet. Its text has a letter for each flag in order, or "-": "A-GNCD--".
class LacpFlags {
  public:
    constexpr LacpFlags() = default;
    constexpr explicit LacpFlags(uint8_t octet) : octet_(octet) {}
    consteval LacpFlags(const char *text) : octet_(of(text).value().octet_) {}

    static constexpr std::optional<LacpFlags> of(std::string_view text) {
        if (text.size() != kLetters.size()) return std::nullopt;
        LacpFlags flags;
        for (size_t bit = 0; bit < text.size(); ++bit) {
            if (text[bit] == '-') continue;
            if (text[bit] != kLetters[bit]) return std::nullopt;
            flags.octet_ = static_cast<uint8_t>(flags.octet_ | 1u << bit);
        }
        return flags;
    }
    constexpr bool has(LacpFlag flag) const {
        return (octet_ >> static_cast<unsigned>(flag) & 1) != 0;
    }
    std::string text() const {
        std::string text(kLetters);
        for (size_t bit = 0; bit < text.size(); ++bit)
            if ((octet_ >> bit & 1) == 0) text[bit] = '-';
        return text;
    }
    bool operator==(const LacpFlags &) const = default;

  private:
    static constexpr std::string_view kLetters = "ASGNCDFE";
    uint8_t octet_ = 0;
};

} // namespace lagg::api
