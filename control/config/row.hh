// What is known of a key apart from its place in a struct: how its value is written, what it means,
// and what a change of it costs. Documentation, schemas and differences are made from it.
#pragma once

#include "control/config/document.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lagg::config {

/// What a change of a key does to what runs, the least first.
enum class Cost {
    NOTHING,         ///< in force at once; flows may move
    RENEGOTIATES,    ///< LACP partners are told, and ports may be out of use meanwhile
    RESTARTS_PORT,   ///< the device is closed and opened
    REMAKES_UPPER,   ///< the upper side is closed and another one opened
    RESTARTS_DAEMON, ///< in force at the daemon's next start only
};
/// "nothing", "renegotiates", "restarts_port", ...
const char *to_text(Cost cost);

struct Row;

/// How a value is written.
struct Form {
    enum class Type { BOOLEAN, INTEGER, TEXT, ARRAY, TABLE, ANY_OF };
    Type type = Type::TEXT;
    int64_t least = 0; ///< of an INTEGER
    int64_t most = 0;  ///< likewise; both are allowed
    /// Words of a TEXT, which are taken in any case; empty where others are taken too.
    std::vector<std::string> words;
    /// A regular expression that each good TEXT matches; empty for any text.
    std::string pattern;
    std::vector<Form> forms; ///< one for the items of an ARRAY, each that is possible of ANY_OF
    std::vector<Row> rows;   ///< of a TABLE
    bool unordered = false;  ///< an ARRAY whose order means nothing
};

struct Row {
    std::string key;
    Form form;
    Cost cost = Cost::NOTHING;
    std::string sentence; ///< what the key says
    std::string unit;     ///< of a number; empty where it has none
    std::string absent;   ///< what holds without the key, where no value stands for that
    std::string example;  ///< as in TOML, where the form alone does not show it
    bool required = false;
    std::optional<Node> standard; ///< the default as it would be written
};
using Rows = std::vector<Row>;

Form boolean_form();
Form integer_form(int64_t least, int64_t most);
Form text_form(std::string pattern = {});
Form words_form(std::vector<std::string> words);
Form array_form(Form items);
Form table_form(Rows rows);
Form any_of(std::vector<Form> forms);

} // namespace lagg::config
