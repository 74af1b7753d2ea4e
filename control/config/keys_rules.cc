// The rules of a [[lagg]]: which frames go to a port of their own.
#include "control/config/keys.hh"

#include "control/config/key_kinds.hh"

#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

constexpr const char *kExample = "{ filter = \"tcp port 3260\", port = \"p1\" }";

void read_filter(TableReader &reader, Rule &rule) {
    const auto filter = reader.text("filter");
    if (!filter) {
        if (!reader.value_of("filter")) {
            reader.complain(reader.at(), reader.called().owner +
                                             " has no 'filter'; a rule is written " + kExample);
        }
    } else if (filter->text.find_first_not_of(" \t\r\n") == std::string::npos) {
        reader.complain(filter->at, reader.subject("filter") +
                                        " is empty, which would match every frame; say which, " +
                                        "such as \"tcp port 3260\", or remove the rule");
    } else if (filter->text.find('\0') != std::string::npos) {
        reader.complain(filter->at, reader.subject("filter") + " is " + in_quotes(filter->text) +
                                        "; it must be text without a zero octet");
    } else {
        rule.filter = filter->text;
    }
}

void read_port(TableReader &reader, Rule &rule) {
    const auto port = reader.text("port");
    if (!port) {
        if (!reader.value_of("port")) {
            reader.complain(reader.at(), reader.called().owner +
                                             " has no 'port'; a rule is written " + kExample);
        }
    } else if (port->text.empty()) {
        reader.complain(port->at,
                        reader.subject("port") + " is empty; it names one of the lagg's ports");
    } else {
        rule.port = port->text;
    }
}

const Keys<Rule> &rule_keys() {
    static const Keys<Rule> keys = {
        {row_of("filter", text_form(),
                {.sentence = "Which frames, in the language of pcap-filter(7)",
                 .example = "tcp port 3260",
                 .required = true}),
         read_filter, [](const Rule &rule) { return node_of(rule.filter); }},
        {row_of("port", text_form(),
                {.sentence = "The port that they leave on while it distributes",
                 .example = "p1",
                 .required = true}),
         read_port, [](const Rule &rule) { return node_of(rule.port); }},
    };
    return keys;
}

/// Complains of rules that come too late to count.
void reject_repeated(TableReader &outer, const std::vector<Rule> &rules) {
    for (size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].filter.empty()) continue;
        for (size_t first = 0; first < i; ++first) {
            if (rules[first].filter != rules[i].filter) continue;
            const Position at =
                outer.reading().positions.of(item_path(outer.place_of("rules"), i) + ".filter");
            outer.complain(at, "rule " + std::to_string(i + 1) + " of " + outer.called().owner +
                                   " has the filter of rule " + std::to_string(first + 1) +
                                   " and would never apply; remove one of them");
            break;
        }
    }
}

void read_rules(TableReader &outer, Lagg &lagg) {
    const Node *value = outer.value_of("rules");
    if (!value) return;
    if (value->kind != Node::Kind::ARRAY) {
        const std::string wanted = std::string("an array of rules such as [") + kExample + "]";
        return outer.wrong_type("rules", wanted.c_str(), *value);
    }
    const std::string &owner = outer.called().owner;
    std::vector<Rule> &rules = lagg.rules;
    for (const Node &item : value->items) {
        const std::string called = "rule " + std::to_string(rules.size() + 1) + " of " + owner;
        const std::string place = item_path(outer.place_of("rules"), rules.size());
        Rule &rule = rules.emplace_back();
        if (item.kind != Node::Kind::TABLE) {
            outer.complain(item.at, called + " must be a table such as " + kExample + ", not " +
                                        describe(item));
            continue;
        }
        TableReader reader(item, {"in " + called, called, "", place}, outer.reading());
        read_table(reader, rule_keys(), rule);
    }
    if (rules.size() > kMaxRules) {
        outer.complain(value->items[kMaxRules].at,
                       "one rule too many: " + owner + " has " + std::to_string(rules.size()) +
                           ", and at most " + std::to_string(kMaxRules) + " are possible");
    }
    reject_repeated(outer, rules);
}

Node write_rules(const Lagg &lagg) {
    std::vector<Node> rules;
    for (const Rule &rule : lagg.rules)
        rules.push_back(write_table(rule_keys(), rule));
    return node_of(std::move(rules));
}

} // namespace

Key<Lagg> rules_key() {
    return {row_of("rules", array_form(table_form(rows_of(rule_keys()))),
                   {.sentence = "Frames that go to a port of their own; the first rule that "
                                "matches counts",
                    .example = "[{ filter = \"tcp port 3260\", port = \"p1\" }]"}),
            read_rules, write_rules};
}

} // namespace lagg::config
