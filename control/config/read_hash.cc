// The hash of a [[lagg]]: the name of a policy, or a table of that and what goes with it.
#include "control/config/schema.hh"

#include "dataplane/base/words.hh"
#include "dataplane/distribute/policy_text.hh"

namespace lagg::config {

namespace {

constexpr int64_t kMostSeed = 4294967295;

void read_policy(TableReader &reader, const PlacedText &text, Hash &hash) {
    const auto policy = distribute::parse_policy(text.text);
    if (!policy) return reader.complain(text.at, policy.error().message);
    hash.policy = *policy;
}

/// Says the same as a word of the policy, for those who keep the two apart.
void read_modifier(TableReader &reader, const char *key, bool &modifier) {
    const auto wanted = reader.boolean(key);
    if (!wanted) return;
    if (modifier && !*wanted) {
        return reader.complain(reader.find(key)->at, reader.subject(key) +
                                                         " is false, but 'hash.policy' says " +
                                                         key + "; take one of the two out");
    }
    modifier = *wanted;
}

void read_seed(TableReader &reader, Hash &hash) {
    const Node *value = reader.find("seed");
    if (!value) return;
    if (value->kind == Node::Kind::STRING) {
        if (lower_case(value->text) == "random") return;
        reader.wrong_type("seed", "\"random\" or an integer", *value);
    } else if (const auto seed = reader.integer("seed", 0, kMostSeed)) {
        hash.seed = static_cast<uint32_t>(*seed);
    }
}

} // namespace

std::optional<std::string> read_path(TableReader &reader, std::string_view key,
                                     const char *example) {
    const auto path = reader.text(key);
    if (!path) return std::nullopt;
    if (!path->text.starts_with('/')) {
        reader.complain(path->at, reader.subject(key) + " is " + in_quotes(path->text) +
                                      "; it must be an absolute path, such as " +
                                      in_quotes(example));
    } else if (!shows_as_written(path->text)) {
        reader.complain(path->at, reader.subject(key) + " is " + in_quotes(path->text) +
                                      "; it must be a path without control characters and without "
                                      "marks that turn the direction of writing");
    } else {
        return path->text;
    }
    return std::nullopt;
}

void read_hash(TableReader &outer, PlacedLagg &placed, Complaints &complaints) {
    Hash &hash = placed.lagg.hash;
    const Node *value = outer.find("hash");
    if (!value) return;
    if (value->kind == Node::Kind::STRING) {
        return read_policy(outer, {value->text, value->at}, hash);
    }
    if (value->kind != Node::Kind::TABLE) {
        return outer.wrong_type(
            "hash", "a policy such as \"layer2+3\" or a table such as { policy, seed }", *value);
    }
    const std::string &owner = outer.called().owner;
    TableReader reader(*value, {"in 'hash' of " + owner, owner, "hash."}, complaints);
    if (const auto policy = reader.text("policy")) read_policy(reader, *policy, hash);
    read_modifier(reader, "symmetric", hash.policy.symmetric);
    read_modifier(reader, "inner", hash.policy.inner);
    read_seed(reader, hash);
    if (auto path = read_path(reader, "bpf", "/etc/lagg/policy.o")) {
        hash.bpf = *std::move(path);
        placed.bpf = reader.find("bpf")->at;
    }
    hash.rebalance = reader.boolean("rebalance").value_or(hash.rebalance);
    reader.reject_unknown();
}

} // namespace lagg::config
