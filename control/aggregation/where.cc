#include "control/aggregation/where.hh"

#include "dataplane/bpf/flow.hh"
#include "dataplane/bpf/rules.hh"
#include "dataplane/distribute/policy_text.hh"
#include "dataplane/frame/frame_of.hh"
#include "dataplane/frame/layers.hh"

#include <fmt/format.h>

#include <algorithm>

namespace lagg::aggregation {

namespace {

using config::Protocol;
using distribute::BucketTable;
using distribute::Fields;

/// Fields that a frame with this key does not have.
Fields missing_fields(const frame::FlowKey &key) {
    Fields missing = 0;
    if (key.outer_vlan == 0) missing |= distribute::kVlan;
    if (key.inner_vlan == 0) missing |= distribute::kInnerVlan;
    if (key.ip_version != 6) missing |= distribute::kFlowLabel;
    if (key.ip_version == 0) missing |= distribute::kLayer3;
    if (!key.has_ports) missing |= distribute::kSourcePort | distribute::kDestinationPort;
    if (key.protocol != frame::kEncryption && key.protocol != frame::kAuthentication)
        missing |= distribute::kSpi;
    return missing;
}

/// As FlowHash does: what is not IP is hashed by layer 2, whole unless the policy chose among it.
Fields used_fields(const frame::FlowKey &key, const distribute::Policy &policy) {
    Fields fields = distribute::effective_fields(policy);
    const Fields layer2 = fields & distribute::kLayer2;
    if (key.ip_version == 0) {
        const bool chosen = layer2 != 0 && layer2 != distribute::kLayer2;
        fields = chosen ? fields & (distribute::kLayer2 | distribute::kEthertype)
                        : distribute::kLayer2 | distribute::kEthertype;
    }
    return fields & ~missing_fields(key);
}

std::string name_of(const Aggregate &aggregate, uint8_t index) {
    for (const Member &member : aggregate.members())
        if (member.port && member.index == index) return member.name;
    return {};
}

api::PolicyAnswer under(const Aggregate &aggregate, const frame::FlowKey &key,
                        const distribute::Policy &policy) {
    api::PolicyAnswer answer;
    answer.policy = distribute::policy_text(policy);
    answer.fields = distribute::fields_text(used_fields(key, policy));
    answer.hash = distribute::flow_hash(key, policy);
    const size_t bucket = BucketTable::bucket_of(answer.hash);
    answer.bucket = static_cast<uint32_t>(bucket);
    const uint8_t target = aggregate.buckets().member[bucket];
    answer.port = name_of(aggregate, target);
    answer.moving = aggregate.flow_move().table().member[bucket] != target;
    return answer;
}

std::vector<api::PolicyAnswer> under_all(const Aggregate &aggregate, const frame::FlowKey &key) {
    const distribute::Policy own = aggregate.hash_policy();
    std::vector<api::PolicyAnswer> answers{under(aggregate, key, own)};
    answers.front().own = true;
    for (const distribute::NamedPolicy &named : distribute::named_policies()) {
        distribute::Policy policy = named.policy;
        policy.seed = own.seed;
        if (policy != own) answers.push_back(under(aggregate, key, policy));
    }
    return answers;
}

/// "p0, p1", in the order of the file.
std::string distributing(const Aggregate &aggregate) {
    std::vector<std::string> names;
    for (const Member &member : aggregate.members())
        if (aggregate.up() && member.distributing) names.push_back(member.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string how(const Aggregate &aggregate) {
    const config::Lagg &config = aggregate.config();
    const std::string ports = distributing(aggregate);
    const config::ProtocolTraits &traits = traits_of(config.protocol);
    if (ports.empty() && traits.carriers != config::Carriers::NOBODY)
        return "no port distributes, and every frame is dropped";
    return fmt::format(fmt::runtime(traits.flow), fmt::arg("ports", ports),
                       fmt::arg("stride", config.roundrobin_stride),
                       fmt::arg("buckets", distribute::kBuckets));
}

/// What the lagg's program does with a small frame of the flow. It is run here and now, in a memory
/// of its own, since what workers remember for it belongs to them.
std::string by_program(const Aggregate &aggregate, const frame::FlowKey &key) {
    const auto octets = static_cast<uint32_t>(frame::frame_of(key).size());
    const bpf::Program &program = *aggregate.policies().program;
    lagg_flow flow{};
    bpf::fill(key, octets, flow);
    flow.hash = distribute::flow_hash(key, aggregate.hash_policy());
    const uint16_t bucket = bpf::bucket_of(program.run(flow));
    const std::string port = name_of(aggregate, aggregate.buckets().member[bucket]);
    return fmt::format("the program {} stands in the place of the policy; with nothing remembered "
                       "it sends a frame of {} octets by bucket {} to {}",
                       aggregate.config().hash.bpf, octets, bucket, port.empty() ? "nobody" : port);
}

/// What the lagg's rules do with a small frame of the flow, as they are in force for workers.
std::string by_rules(const Aggregate &aggregate, const frame::FlowKey &key) {
    const std::vector<bpf::Rule> rules = aggregate.rules_in_force();
    const bpf::Rule *rule = bpf::matching(rules, frame::frame_of(key));
    if (rule == nullptr)
        return "none of the lagg's rules in force matches a small frame of the flow";
    return fmt::format(
        "the rule \"{}\" is stronger than the policy: it matches a small frame of the "
        "flow and sends it to {}",
        rule->filter->expression(), name_of(aggregate, rule->member));
}

/// What decides besides the hash, or before it.
std::vector<std::string> notes(const Aggregate &aggregate, const frame::FlowKey &key) {
    const config::Lagg &config = aggregate.config();
    std::vector<std::string> notes;
    if (!config.rules.empty()) notes.push_back(by_rules(aggregate, key));
    if (aggregate.policies().program != nullptr) notes.push_back(by_program(aggregate, key));
    if (config.hash.policy.nic)
        notes.push_back("frames that come with a hash of the NIC go by that; the others as here");
    return notes;
}

} // namespace

api::FlowAnswer where_goes(const Aggregate &aggregate, const frame::FlowKey &key) {
    const Protocol protocol = aggregate.config().protocol;
    api::FlowAnswer answer;
    answer.lagg = aggregate.config().name;
    answer.protocol = to_text(protocol);
    answer.how = how(aggregate);
    if (!uses_hash(protocol)) return answer;
    answer.seed = aggregate.hash_policy().seed;
    answer.policies = under_all(aggregate, key);
    answer.notes = notes(aggregate, key);
    return answer;
}

} // namespace lagg::aggregation
