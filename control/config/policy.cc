// Hash policies: the spellings of lagg(4), Linux bonding and teamd come down to three bits.
#include "control/config/values.hh"

#include "dataplane/base/words.hh"

namespace lagg::config {

namespace {

const std::vector<std::string> kPolicyNames = {"layer2",   "layer3",   "layer4",    "layer2+3",
                                               "layer2+4", "layer3+4", "layer2+3+4"};

Error unknown_policy(std::string_view text) {
    std::string message = "unknown hash policy " + in_quotes(text);
    if (const auto name = nearest(text, kPolicyNames)) {
        message += "; did you mean " + in_quotes(*name) + "?";
    } else {
        message += "; known are " + listed(kPolicyNames) + ", and lists such as \"l2,l3,l4\"";
    }
    return {message};
}

bool drop_prefix(std::string_view &text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// The flag of "layer3", "l3" or, behind another one, "3". Null for anything else.
bool *layer_flag(std::string_view word, bool first, Hash &hash) {
    const bool prefixed = drop_prefix(word, "layer") || drop_prefix(word, "l");
    if (!prefixed && first) return nullptr;
    if (word == "2") return &hash.l2;
    if (word == "3") return &hash.l3;
    if (word == "4") return &hash.l4;
    return nullptr;
}

} // namespace

std::string policy_name(const Hash &hash) {
    std::string name;
    const auto append = [&name](bool on, char digit) {
        if (on) name += (name.empty() ? std::string("layer") : std::string("+")) + digit;
    };
    append(hash.l2, '2');
    append(hash.l3, '3');
    append(hash.l4, '4');
    return name;
}

Result<Hash> parse_policy(std::string_view text) {
    Hash hash;
    hash.l2 = hash.l3 = hash.l4 = false;
    const std::string lower = lower_case(text);
    std::string_view rest = lower;
    for (bool first = true;; first = false) {
        const size_t end = rest.find_first_of("+,");
        std::string_view word = rest.substr(0, end);
        while (!word.empty() && word.front() == ' ')
            word.remove_prefix(1);
        while (!word.empty() && word.back() == ' ')
            word.remove_suffix(1);
        bool *flag = layer_flag(word, first, hash);
        if (!flag || *flag) return unknown_policy(text);
        *flag = true;
        if (end == std::string_view::npos) return hash;
        rest.remove_prefix(end + 1);
    }
}

} // namespace lagg::config
