// Reads one table of the document key by key. Each reading checks the type and the range and files
// a complaint; what was never asked for is an unknown key.
#pragma once

#include "control/config/choices.hh"
#include "control/config/document.hh"
#include "control/config/positions.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lagg::config {

/// How a table is called in messages, and where it belongs.
struct Called {
    std::string table; ///< "in [[lagg]]": unknown key 'x' in [[lagg]]
    std::string owner; ///< "lagg0": 'mtu' of lagg0; empty at the top of the file
    std::string path;  ///< "lacp." in front of the keys of a table within a table
    std::string place; ///< "lagg[0].lacp": where Positions has its keys; empty at the top
};

/// What reading a document leaves beside the values.
struct Reading {
    Complaints complaints;
    Positions positions;
};

/// A string of the document, and where it stands.
struct PlacedText {
    std::string text;
    Position at;
};

class TableReader {
  public:
    /// `table` must be a TABLE and outlive the reader.
    TableReader(const Node &table, Called called, Reading &reading);
    /// The reader of a table that is the value of one of this one's keys.
    TableReader within(const Node &table, std::string_view key) const;

    Position at() const { return table_.at; }
    const Called &called() const { return called_; }
    Reading &reading() const { return reading_; }

    /// The value of a key, of whatever type, whose position is noted; null when the table does not
    /// have it.
    const Node *value_of(std::string_view key);

    // The following return nothing when the key is absent, and also when its value is wrong, which
    // they have then complained of.

    std::optional<PlacedText> text(std::string_view key);
    std::optional<bool> boolean(std::string_view key);
    /// `least` and `most` are allowed.
    std::optional<int64_t> integer(std::string_view key, int64_t least, int64_t most);
    /// One of some words, in any case.
    template <typename One, size_t N>
    std::optional<decltype(One::value)> choice(std::string_view key, const One (&choices)[N]) {
        std::vector<std::string> words;
        for (const auto &choice : choices)
            words.emplace_back(choice.word);
        const std::optional<size_t> index = word_index(key, words);
        if (!index) return std::nullopt;
        return choices[*index].value;
    }
    /// The strings of an array, and notes their positions; those that are no strings are complained
    /// of and left out.
    std::optional<std::vector<PlacedText>> texts(std::string_view key, const char *example);
    /// The tables of a [[key]].
    std::vector<const Node *> tables(std::string_view key);
    /// A [key].
    const Node *table(std::string_view key);

    /// Complains of the value of `key`: "'mtu' of lagg0 must be an integer, not an array".
    void wrong_type(std::string_view key, const char *wanted, const Node &value);
    /// Complains of a word that is not among those allowed, and names the nearest.
    void wrong_word(std::string_view key, const PlacedText &value,
                    const std::vector<std::string> &allowed);
    void complain(Position at, std::string message);
    /// Notes where something of this table stands that is no value of a key: "ports[1]".
    void note(std::string_view what, Position at);
    /// Where Positions has a key of this table.
    std::string place_of(std::string_view key) const;
    /// "'lacp.mode' of lagg0".
    std::string subject(std::string_view key) const;

    /// Complains of every key that nobody asked for. To be called when all have been.
    void reject_unknown();

  private:
    std::optional<size_t> word_index(std::string_view key, const std::vector<std::string> &words);

    const Node &table_;
    Called called_;
    Reading &reading_;
    std::vector<std::string> known_;
};

/// The value of a string key, without any complaint: for naming the table before it is read.
std::string peek_text(const Node &table, std::string_view key);

} // namespace lagg::config
