#include "dataplane/distribute/policy_text.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <cassert>
#include <optional>
#include <vector>

namespace lagg::distribute {

namespace {

struct FieldWord {
    const char *word;
    Fields fields;
};

/// A pair stands before its halves, so that printing finds it first.
constexpr FieldWord kFieldWords[] = {
    {"mac", kSourceMac | kDestinationMac},
    {"srcmac", kSourceMac},
    {"dstmac", kDestinationMac},
    {"vlan", kVlan},
    {"innervlan", kInnerVlan},
    {"ethertype", kEthertype},
    {"ip", kSourceIp | kDestinationIp},
    {"srcip", kSourceIp},
    {"dstip", kDestinationIp},
    {"flowlabel", kFlowLabel},
    {"proto", kProtocol},
    {"port", kSourcePort | kDestinationPort},
    {"srcport", kSourcePort},
    {"dstport", kDestinationPort},
    {"spi", kSpi},
};

struct Layer {
    char digit;
    Fields fields;
};
constexpr Layer kLayers[] = {{'2', kLayer2}, {'3', kLayer3}, {'4', kLayer4}};

/// Linux's name is the other way round than the fields stand in a frame.
constexpr Fields kVlanAndSource = kVlan | kSourceMac;
constexpr const char *kVlanAndSourceName = "vlan+srcmac";

constexpr NamedPolicy kNamed[] = {
    {"layer2", {.fields = kLayer2}},
    {"layer3", {.fields = kLayer3}},
    {"layer4", {.fields = kLayer4}},
    {"layer2+3", {.fields = kLayer23}},
    {"layer2+4", {.fields = kLayer2 | kLayer4}},
    {"layer3+4", {.fields = kLayer34}},
    {"layer2+3+4", {.fields = kLayer23 | kLayer4}},
    {"encap2+3", {.fields = kLayer23, .inner = true}},
    {"encap3+4", {.fields = kLayer34, .inner = true}},
    {kVlanAndSourceName, {.fields = kVlanAndSource}},
};

std::vector<std::string> known_names() {
    std::vector<std::string> names;
    for (const NamedPolicy &named : kNamed)
        names.emplace_back(named.name);
    names.emplace_back("nic");
    return names;
}

std::vector<std::string> known_words() {
    std::vector<std::string> words{"layer2", "layer3", "layer4",    "encap2", "encap3",
                                   "encap4", "inner",  "symmetric", "nic"};
    for (const FieldWord &known : kFieldWords)
        words.emplace_back(known.word);
    return words;
}

Error unknown(std::string_view text, std::string_view word) {
    std::string message = "unknown hash policy " + in_quotes(text);
    if (const auto name = nearest(text, known_names()))
        return {message + "; did you mean " + in_quotes(*name) + "?"};
    if (word.size() < text.size() && !word.empty())
        message = "unknown word " + in_quotes(word) + " in hash policy " + in_quotes(text);
    if (const auto near = nearest(word, known_words()))
        return {message + "; did you mean " + in_quotes(*near) + "?"};
    return {message + "; known are " + listed(known_names()) +
            ", and lists such as \"l2,l3,l4\" or \"srcip+dstip+proto\""};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        const size_t end = text.find_first_of("+,");
        words.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return words;
        text.remove_prefix(end + 1);
    }
}

/// One policy word by word. Remembers what was said, since a digit means something behind a layer
/// only, and a word that comes twice is a slip of the pen for another one.
class Reader {
  public:
    bool take(std::string_view word) {
        const std::string_view prefix = layer_prefix(word);
        if (prefix.data() != nullptr || (word.size() == 1 && behind_layer_)) {
            behind_layer_ = true;
            inner_layer_ = prefix.data() != nullptr ? prefix == "encap" : inner_layer_;
            policy_.inner |= inner_layer_;
            return take_layer(word.back());
        }
        behind_layer_ = false;
        return take_modifier(word) || take_field(word);
    }
    /// The word that was said before, once take() saw it again.
    const std::optional<std::string> &twice() const { return twice_; }
    Policy &policy() { return policy_; }

  private:
    /// "layer", "l" or "encap" in front of a digit; without data where the word is none of these.
    static std::string_view layer_prefix(std::string_view word) {
        for (const std::string_view prefix : {"layer", "encap", "l"})
            if (word.size() == prefix.size() + 1 && word.starts_with(prefix))
                return word.substr(0, prefix.size());
        return {};
    }
    bool take_layer(char digit) {
        const auto *layer = std::ranges::find(kLayers, digit, &Layer::digit);
        if (layer == std::end(kLayers)) return false;
        return say(std::string("layer") + digit, layer->fields);
    }
    bool take_modifier(std::string_view word) {
        if (word == "nic" || word == "rss") return say("nic", 0) && (policy_.nic = true);
        if (word == "inner") return say("inner", 0) && (policy_.inner = true);
        if (word == "symmetric") return say("symmetric", 0) && (policy_.symmetric = true);
        return false;
    }
    bool take_field(std::string_view word) {
        for (const FieldWord &known : kFieldWords)
            if (word == known.word) return say(known.word, known.fields);
        return false;
    }
    bool say(std::string word, Fields fields) {
        if (std::ranges::find(said_, word) != said_.end()) twice_ = word;
        said_.push_back(std::move(word));
        policy_.fields |= fields;
        return true;
    }

    Policy policy_{.fields = 0};
    std::vector<std::string> said_;
    std::optional<std::string> twice_;
    bool behind_layer_ = false;
    bool inner_layer_ = false;
};

class Writer {
  public:
    explicit Writer(char joint) : joint_(joint) {}
    void add(std::string_view word) {
        if (!text_.empty()) text_ += joint_;
        text_ += word;
    }
    void add_fields(Fields fields) {
        for (const FieldWord &known : kFieldWords) {
            if ((fields & known.fields) != known.fields) continue;
            add(known.word);
            fields &= ~known.fields;
        }
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
    char joint_;
};

} // namespace

Result<Policy> parse_policy(std::string_view text) {
    const std::string lower = lower_case(text);
    Reader reader;
    for (const std::string_view word : split(lower)) {
        if (!reader.take(word)) return unknown(text, word);
        if (reader.twice())
            return Error{"hash policy " + in_quotes(text) + " names " + *reader.twice() +
                         " twice; name each word once"};
    }
    Policy policy = reader.policy();
    if (policy.fields == 0 && policy.nic) policy.fields = kLayer34;
    if (policy.fields == 0)
        return Error{"hash policy " + in_quotes(text) +
                     " names no field; add some, such as \"layer3+4+" +
                     std::string(trimmed(lower)) + "\""};
    return policy;
}

std::string policy_text(const Policy &policy) {
    assert((policy.fields & kAllFields) != 0);
    Writer name('+');
    Fields rest = policy.fields;
    bool inner = policy.inner;
    if (policy.nic) name.add("nic");
    if (policy.nic && rest == kLayer34) {
        rest = 0;
    } else if (rest == kVlanAndSource) {
        name.add(kVlanAndSourceName);
        rest = 0;
    }
    bool first = true;
    for (const Layer &layer : kLayers) {
        if ((rest & layer.fields) != layer.fields) continue;
        name.add((first ? inner ? "encap" : "layer" : "") + std::string(1, layer.digit));
        rest &= ~layer.fields;
        first = false;
    }
    name.add_fields(rest);
    if (inner && first) name.add("inner");
    if (policy.symmetric) name.add("symmetric");
    return name.take();
}

std::string fields_text(Fields fields) {
    Writer words(' ');
    words.add_fields(fields);
    return words.take();
}

std::span<const NamedPolicy> named_policies() {
    return kNamed;
}

} // namespace lagg::distribute
