// The rules of a [[lagg]]: which frames go to a port of their own.
#include "control/config/schema.hh"

#include "dataplane/base/words.hh"

namespace lagg::config {

namespace {

constexpr const char *kExample = "{ filter = \"tcp port 3260\", port = \"p1\" }";

PlacedText read_filter(TableReader &reader) {
    const auto filter = reader.text("filter");
    if (!filter) {
        if (!reader.find("filter")) {
            reader.complain(reader.at(), reader.called().owner +
                                             " has no 'filter'; a rule is written " + kExample);
        }
        return {};
    }
    if (filter->text.find_first_not_of(" \t\r\n") == std::string::npos) {
        reader.complain(filter->at, reader.subject("filter") +
                                        " is empty, which would match every frame; say which, " +
                                        "such as \"tcp port 3260\", or remove the rule");
    } else if (filter->text.find('\0') != std::string::npos) {
        reader.complain(filter->at, reader.subject("filter") + " is " + in_quotes(filter->text) +
                                        "; it must be text without a zero octet");
    } else {
        return *filter;
    }
    return {};
}

PlacedText read_port_of_rule(TableReader &reader) {
    const auto port = reader.text("port");
    if (port) return *port;
    if (!reader.find("port")) {
        reader.complain(reader.at(),
                        reader.called().owner + " has no 'port'; a rule is written " + kExample);
    }
    return {};
}

void reject_repeated(const std::vector<PlacedRule> &rules, const std::string &owner,
                     Complaints &complaints) {
    for (size_t i = 0; i < rules.size(); ++i) {
        if (rules[i].filter.text.empty()) continue;
        for (size_t first = 0; first < i; ++first) {
            if (rules[first].filter.text != rules[i].filter.text) continue;
            complaints.add(rules[i].filter.at, "rule " + std::to_string(i + 1) + " of " + owner +
                                                   " has the filter of rule " +
                                                   std::to_string(first + 1) +
                                                   " and would never apply; remove one of them");
            break;
        }
    }
}

} // namespace

std::vector<PlacedRule> read_rules(TableReader &outer, Complaints &complaints) {
    std::vector<PlacedRule> rules;
    const Node *value = outer.find("rules");
    if (!value) return rules;
    if (value->kind != Node::Kind::ARRAY) {
        const std::string wanted = std::string("an array of rules such as [") + kExample + "]";
        outer.wrong_type("rules", wanted.c_str(), *value);
        return rules;
    }
    const std::string &owner = outer.called().owner;
    for (const Node &item : value->items) {
        const std::string called = "rule " + std::to_string(rules.size() + 1) + " of " + owner;
        PlacedRule &rule = rules.emplace_back();
        if (item.kind != Node::Kind::TABLE) {
            complaints.add(item.at, called + " must be a table such as " + kExample + ", not " +
                                        describe(item));
            continue;
        }
        TableReader reader(item, {"in " + called, called, ""}, complaints);
        rule.filter = read_filter(reader);
        rule.port = read_port_of_rule(reader);
        reader.reject_unknown();
    }
    if (rules.size() > kMaxRules) {
        complaints.add(value->items[kMaxRules].at,
                       "one rule too many: " + owner + " has " + std::to_string(rules.size()) +
                           ", and at most " + std::to_string(kMaxRules) + " are possible");
    }
    reject_repeated(rules, owner, complaints);
    return rules;
}

} // namespace lagg::config
