// Where a lagg comes out.
#include "control/config/keys.hh"

#include "control/config/key_kinds.hh"
#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

void read_upper_text(TableReader &reader, const PlacedText &text, Upper &upper) {
    constexpr std::string_view kPort = "port:";
    const std::string lower = lower_case(text.text);
    if (lower == "kernel" || lower == "none") {
        upper.kind = lower == "kernel" ? UpperKind::KERNEL : UpperKind::NONE;
    } else if (lower.substr(0, kPort.size()) == kPort && lower.size() > kPort.size()) {
        upper = {UpperKind::PORT, text.text.substr(kPort.size())};
        reader.note("upper.port", text.at);
    } else {
        reader.complain(text.at, reader.subject("upper") + " is " + in_quotes(text.text) +
                                     "; it must be \"kernel\", \"none\" or \"port:NAME\"");
    }
}

void read_upper_table(TableReader reader, Upper &upper) {
    const std::string &owner = reader.called().owner;
    const auto kind = reader.choice("type", kUpperKinds);
    const auto port = reader.text("port");
    reader.reject_unknown();
    if (!kind) {
        if (!reader.value_of("type")) {
            reader.complain(reader.at(),
                            "'upper' of " + owner + " has no 'type'; write kernel, port or none");
        }
    } else if (*kind != UpperKind::PORT) {
        upper.kind = *kind;
        if (port) {
            reader.complain(port->at, reader.subject("port") +
                                          " goes with type = \"port\" only, not with " +
                                          in_quotes(to_text(*kind)));
        }
    } else if (port) {
        upper = {UpperKind::PORT, port->text};
    } else if (!reader.value_of("port")) {
        reader.complain(reader.at(), "'upper' of " + owner +
                                         " has type \"port\" but no 'port'; name a [[port]], " +
                                         "such as upper = \"port:p2\"");
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
        reader.wrong_type("upper", "\"kernel\", \"none\" or \"port:NAME\"", *value);
    }
}

Node write_upper(const Lagg &lagg) {
    const Upper &upper = lagg.upper;
    return node_of(upper.kind == UpperKind::PORT ? "port:" + upper.port
                                                 : std::string(to_text(upper.kind)));
}

/// The form of `upper` as a table, whose keys are one value together.
Form upper_table_form() {
    return table_form(
        {row_of(
             "type", words_form(kUpperKinds),
             {.cost = Cost::REMAKES_UPPER, .sentence = "What the upper side is", .required = true}),
         row_of("port", text_form(),
                {.cost = Cost::REMAKES_UPPER,
                 .sentence = "The [[port]] that is the upper side",
                 .absent = "none, for other types than port",
                 .example = "p2"})});
}

} // namespace

Key<Lagg> upper_key() {
    return {row_of("upper",
                   any_of({words_form({"kernel", "none"}), text_form("^[Pp][Oo][Rr][Tt]:."),
                           upper_table_form()}),
                   {.cost = Cost::REMAKES_UPPER,
                    .sentence = "Where the lagg comes out: as a network interface of the kernel, "
                                "nowhere, or through another port",
                    .example = "port:p2"}),
            read_upper, write_upper};
}

} // namespace lagg::config
