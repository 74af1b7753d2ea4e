// Where a lagg comes out.
#include "control/config/keys.hh"

#include "control/config/describe_keys.hh"
#include "control/config/key_kinds.hh"
#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

/// "a, b or c"
std::string alternatives(const std::vector<std::string> &words) {
    std::string text;
    for (size_t i = 0; i < words.size(); ++i)
        text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return text;
}

/// The words of those kinds that take a port, of those that take none, or of all.
std::vector<std::string> words_of(std::optional<bool> takes_port = {}) {
    std::vector<std::string> words;
    for (const UpperChoice &kind : kUpperKinds)
        if (takes_port.value_or(kind.takes_port) == kind.takes_port) words.emplace_back(kind.word);
    return words;
}

/// What may stand in the file: "kernel", "none" or "port:NAME".
std::string texts() {
    std::vector<std::string> all;
    for (const std::string &word : words_of(false))
        all.push_back(in_quotes(word));
    for (const std::string &word : words_of(true))
        all.push_back(in_quotes(word + ":NAME"));
    return alternatives(all);
}

void read_upper_text(TableReader &reader, const PlacedText &text, Upper &upper) {
    const size_t colon = text.text.find(':');
    const std::string word = lower_case(text.text.substr(0, colon));
    const std::string port = colon == std::string::npos ? "" : text.text.substr(colon + 1);
    for (const UpperChoice &kind : kUpperKinds) {
        const bool is_whole = kind.takes_port ? !port.empty() : colon == std::string::npos;
        if (word != kind.word || !is_whole) continue;
        upper = {kind.value, port};
        if (kind.takes_port) reader.note("upper.port", text.at);
        return;
    }
    reader.complain(text.at, reader.subject("upper") + " is " + in_quotes(text.text) +
                                 "; it must be " + texts());
}

void read_upper_table(TableReader reader, Upper &upper) {
    const std::string &owner = reader.called().owner;
    const auto kind = reader.choice("type", kUpperKinds);
    const auto port = reader.text("port");
    reader.reject_unknown();
    if (!kind) {
        if (!reader.value_of("type")) {
            reader.complain(reader.at(), "'upper' of " + owner + " has no 'type'; write " +
                                             alternatives(words_of()));
        }
        return;
    }
    const UpperChoice &row = choice_of(kUpperKinds, *kind);
    if (!row.takes_port) {
        upper.kind = *kind;
        if (port) {
            reader.complain(port->at, reader.subject("port") + " goes with type = \"" +
                                          alternatives(words_of(true)) + "\" only, not with " +
                                          in_quotes(row.word));
        }
    } else if (port) {
        upper = {*kind, port->text};
    } else if (!reader.value_of("port")) {
        reader.complain(reader.at(), "'upper' of " + owner + " has type " + in_quotes(row.word) +
                                         " but no 'port'; name a [[port]], such as upper = " +
                                         in_quotes(std::string(row.word) + ":p2"));
    }
}

void read_upper(TableReader &reader, Lagg &lagg) {
    const Node *value = reader.value_of("upper");
    if (!value) return;
    if (value->kind == Node::Kind::STRING) {
        read_upper_text(reader, {value->text, value->at}, lagg.upper);
    } else if (value->kind == Node::Kind::TABLE) {
        read_upper_table(reader.within(*value, "upper"), lagg.upper);
    } else {
        reader.wrong_type("upper", texts().c_str(), *value);
    }
}

Node write_upper(const Lagg &lagg) {
    const Upper &upper = lagg.upper;
    return node_of(to_text(upper.kind) + (upper.port.empty() ? "" : ":" + upper.port));
}

/// The form of `upper` as a table, whose keys are one value together.
Form upper_table_form() {
    return table_form(
        {row_of(
             "type", words_form(words_of()),
             {.cost = Cost::REMAKES_UPPER, .sentence = "What the upper side is", .required = true}),
         row_of("port", text_form(),
                {.cost = Cost::REMAKES_UPPER,
                 .sentence = "The [[port]] that is the upper side",
                 .absent = "none, for other types than port",
                 .example = "p2"})});
}

/// A word, in any case, and a name; or a table.
Form upper_form() {
    std::vector<Form> forms{words_form(words_of(false))};
    for (const std::string &word : words_of(true))
        forms.push_back(text_form("^" + any_case(word) + ":."));
    forms.push_back(upper_table_form());
    return any_of(std::move(forms));
}

} // namespace

Key<Lagg> upper_key() {
    return {row_of("upper", upper_form(),
                   {.cost = Cost::REMAKES_UPPER,
                    .sentence = "Where the lagg comes out: as a network interface of the kernel, "
                                "nowhere, or through another port",
                    .example = "port:p2"}),
            read_upper, write_upper};
}

} // namespace lagg::config
