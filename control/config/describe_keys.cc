#include "control/config/describe_keys.hh"

#include "control/config/keys.hh"

#include <nlohmann/json.hpp>

#include <cassert>

namespace lagg::config {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

const char *type_word(Form::Type type) {
    switch (type) {
    case Form::Type::BOOLEAN: return "boolean";
    case Form::Type::INTEGER: return "integer";
    case Form::Type::TEXT: return "string";
    case Form::Type::ARRAY: return "array";
    case Form::Type::TABLE: return "table";
    case Form::Type::ANY_OF: break;
    }
    assert(false);
    return "";
}

/// What there is to say of a form, without the keys of tables.
void describe_form(const Form &form, Json &out) {
    if (form.type == Form::Type::ANY_OF) {
        out["any_of"] = Json::array();
        for (const Form &each : form.forms)
            describe_form(each, out["any_of"].emplace_back(Json::object()));
        return;
    }
    out["type"] = type_word(form.type);
    if (form.type == Form::Type::INTEGER) {
        out["minimum"] = form.least;
        out["maximum"] = form.most;
    }
    if (!form.words.empty()) out["choices"] = form.words;
    if (!form.pattern.empty()) out["pattern"] = form.pattern;
    if (form.type == Form::Type::ARRAY) describe_form(form.forms.front(), out["items"]);
}

Json value_of(const Node &node) {
    return Json::parse(to_json(node));
}

void describe_into(const Rows &rows, const std::string &prefix, Json &out);

/// The keys of the tables that a value of this form can be, or hold.
void describe_within(const Form &form, const std::string &prefix, Json &out) {
    describe_into(form.rows, prefix, out);
    for (const Form &each : form.forms)
        describe_within(each, prefix, out);
}

void describe_into(const Rows &rows, const std::string &prefix, Json &out) {
    for (const Row &row : rows) {
        const std::string path = prefix + row.key;
        Json &key = out.emplace_back(Json::object());
        key["path"] = path;
        describe_form(row.form, key);
        // A table's is made of those of its keys, which follow.
        const bool is_table = row.form.type == Form::Type::TABLE;
        if (row.standard && !is_table) key["default"] = value_of(*row.standard);
        if (!row.absent.empty()) key["absent"] = row.absent;
        if (row.required) key["required"] = true;
        if (!row.unit.empty()) key["unit"] = row.unit;
        if (!row.example.empty()) key["example"] = row.example;
        key["cost"] = to_text(row.cost);
        key["sentence"] = row.sentence;
        describe_within(row.form, path + ".", out);
    }
}

/// The words themselves first, for an editor to offer.
Json schema_of_words(const std::vector<std::string> &words) {
    std::string pattern;
    for (const std::string &word : words)
        pattern += (pattern.empty() ? "" : "|") + any_case(word);
    return {
        {"anyOf", {{{"enum", words}}, {{"type", "string"}, {"pattern", "^(" + pattern + ")$"}}}}};
}

Json schema_of(const Rows &rows);

Json schema_of(const Form &form) {
    Json schema = Json::object();
    switch (form.type) {
    case Form::Type::BOOLEAN: return {{"type", "boolean"}};
    case Form::Type::INTEGER:
        return {{"type", "integer"}, {"minimum", form.least}, {"maximum", form.most}};
    case Form::Type::TEXT:
        if (!form.words.empty()) return schema_of_words(form.words);
        schema["type"] = "string";
        if (!form.pattern.empty()) schema["pattern"] = form.pattern;
        return schema;
    case Form::Type::ARRAY: return {{"type", "array"}, {"items", schema_of(form.forms.front())}};
    case Form::Type::TABLE: return schema_of(form.rows);
    case Form::Type::ANY_OF:
        for (const Form &each : form.forms)
            schema["anyOf"].push_back(schema_of(each));
        return schema;
    }
    assert(false);
    return schema;
}

Json schema_of(const Rows &rows) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Row &row : rows) {
        Json &property = properties[row.key] = schema_of(row.form);
        property["description"] = row.sentence;
        if (row.standard && row.form.type != Form::Type::TABLE)
            property["default"] = value_of(*row.standard);
        if (row.required) required.push_back(row.key);
    }
    Json schema = {{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
}

} // namespace

std::string any_case(const std::string &word) {
    std::string pattern;
    for (const char c : word) {
        if (c >= 'a' && c <= 'z')
            pattern += {'[', static_cast<char>(c - 'a' + 'A'), c, ']'};
        else
            pattern += c;
    }
    return pattern;
}

std::string describe_rows(const Rows &rows) {
    Json keys = Json::array();
    describe_into(rows, "", keys);
    return keys.dump(kIndent);
}

std::string schema_of_rows(const Rows &rows) {
    Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                   {"title", "lagg.toml, the configuration of laggd"}};
    schema.update(schema_of(rows));
    return schema.dump(kIndent);
}

std::string describe_config() {
    return describe_rows(rows_of(config_keys()));
}

std::string config_schema() {
    return schema_of_rows(rows_of(config_keys()));
}

} // namespace lagg::config
