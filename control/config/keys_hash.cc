// The hash of a [[lagg]]: the name of a policy, or a table of that and what goes with it.
#include "control/config/keys.hh"

#include "control/config/key_values.hh"
#include "dataplane/base/wording.hh"
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
        return reader.complain(reader.value_of(key)->at, reader.subject(key) +
                                                             " is false, but 'hash.policy' says " +
                                                             key + "; take one of the two out");
    }
    modifier = *wanted;
}

/// The words of the policy, but for those that have keys of their own.
Node write_policy(const Hash &hash) {
    distribute::Policy policy = hash.policy;
    policy.symmetric = false;
    policy.inner = false;
    return node_of(distribute::policy_text(policy));
}

Key<Hash> policy_key() {
    return {
        row_of("policy", text_form(),
               {.sentence = "Which fields of a frame decide on its port", .example = "layer3+4"}),
        [](TableReader &reader, Hash &hash) {
            if (const auto text = reader.text("policy")) read_policy(reader, *text, hash);
        },
        write_policy};
}

Key<Hash> modifier_key(const char *key, bool distribute::Policy::*modifier, const char *sentence) {
    return {
        row_of(key, boolean_form(), {.sentence = sentence, .absent = "what the policy says"}),
        [=](TableReader &reader, Hash &hash) { read_modifier(reader, key, hash.policy.*modifier); },
        [=](const Hash &hash) { return node_of(hash.policy.*modifier); }};
}

void read_seed(TableReader &reader, Hash &hash) {
    const Node *value = reader.value_of("seed");
    if (!value) return;
    if (value->kind == Node::Kind::STRING) {
        if (lower_case(value->text) == "random") return;
        reader.wrong_type("seed", "\"random\" or an integer", *value);
    } else if (const auto seed = reader.integer("seed", 0, kMostSeed)) {
        hash.seed = static_cast<uint32_t>(*seed);
    }
}

Key<Hash> seed_key() {
    return {row_of("seed", any_of({words_form({"random"}), integer_form(0, kMostSeed)}),
                   {.sentence = "A number makes the choice of ports repeatable", .example = "1"}),
            read_seed, [](const Hash &hash) {
                return hash.seed ? node_of(int64_t{*hash.seed}) : node_of(std::string("random"));
            }};
}

const Keys<Hash> &hash_keys() {
    static const Keys<Hash> keys = {
        policy_key(),
        modifier_key("symmetric", &distribute::Policy::symmetric,
                     "Whether both directions of a conversation have one hash"),
        modifier_key("inner", &distribute::Policy::inner,
                     "Whether the fields are those of the innermost packet of a tunnel"),
        seed_key(),
        path("bpf", &Hash::bpf,
             {.sentence = "An eBPF object file that decides in the place of the policy",
              .absent = "the policy decides",
              .example = "/etc/lagg/policy.o"}),
        boolean("rebalance", &Hash::rebalance,
                {.sentence = "Whether flows are moved from a port that carries much to one that "
                             "carries little"}),
    };
    return keys;
}

void read_hash(TableReader &reader, Lagg &lagg) {
    const Node *value = reader.value_of("hash");
    if (!value) return;
    if (value->kind == Node::Kind::STRING) {
        read_policy(reader, {value->text, value->at}, lagg.hash);
    } else if (value->kind == Node::Kind::TABLE) {
        TableReader inner = reader.within(*value, "hash");
        read_table(inner, hash_keys(), lagg.hash);
    } else {
        reader.wrong_type(
            "hash", "a policy such as \"layer2+3\" or a table such as { policy, seed }", *value);
    }
}

} // namespace

Key<Lagg> hash_key() {
    return {
        row_of("hash", any_of({text_form(), table_form(rows_of(hash_keys()))}),
               {.sentence = "Which fields of a frame decide on its port", .example = "layer3+4"}),
        read_hash, [](const Lagg &lagg) { return write_table(hash_keys(), lagg.hash); }};
}

} // namespace lagg::config
