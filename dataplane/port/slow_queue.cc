#include "dataplane/port/slow_queue.hh"

#include <fmt/format.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <cstdlib>

namespace lagg::port {

namespace {

constexpr uint16_t kAnyType = 0;
/// The larger number is the lower priority.
constexpr uint32_t kFirst = 0;
constexpr uint32_t kRest = 1;

/// One rule in the form that rte_flow takes it, which points into itself.
struct Rule {
    rte_flow_attr attributes{};
    rte_flow_item_eth type{};
    rte_flow_item_eth mask{};
    rte_flow_action_queue to{};
    rte_flow_item pattern[2]{};
    rte_flow_action actions[2]{};

    Rule(uint16_t ether_type, uint16_t queue, uint32_t priority) {
        attributes.ingress = 1;
        attributes.priority = priority;
        pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
        pattern[1].type = RTE_FLOW_ITEM_TYPE_END;
        if (ether_type != kAnyType) {
            type.type = rte_cpu_to_be_16(ether_type);
            mask.type = RTE_BE16(0xffff);
            pattern[0].spec = &type;
            pattern[0].mask = &mask;
        }
        to.index = queue;
        actions[0].type = RTE_FLOW_ACTION_TYPE_QUEUE;
        actions[0].conf = &to;
        actions[1].type = RTE_FLOW_ACTION_TYPE_END;
    }
    Rule(const Rule &) = delete;
    Rule &operator=(const Rule &) = delete;
};

/// No frame that the device spreads by a hash goes to a queue that is not one of those.
Result<void> spread_over_first(uint16_t device, uint16_t data_queues) {
    rte_eth_dev_info info{};
    int code = rte_eth_dev_info_get(device, &info);
    if (code == 0) {
        std::vector<rte_eth_rss_reta_entry64> table = reta_over(info.reta_size, data_queues);
        code = rte_eth_dev_rss_reta_update(device, table.data(), info.reta_size);
    }
    if (code == 0) return {};
    return Error{fmt::format("its table of queues cannot be set: {}", rte_strerror(-code))};
}

} // namespace

bool can_lead_by_type(uint16_t device) {
    const Rule rule(RTE_ETHER_TYPE_SLOW, 0, kFirst);
    rte_flow_error error{};
    return rte_flow_validate(device, &rule.attributes, rule.pattern, rule.actions, &error) == 0;
}

Result<std::unique_ptr<SlowQueue>> SlowQueue::make(uint16_t device, uint16_t data_queues,
                                                   DataLeading leading) {
    std::unique_ptr<SlowQueue> queue(new SlowQueue(device));
    if (Result<void> led = queue->lead(RTE_ETHER_TYPE_SLOW, data_queues, kFirst); !led)
        return led.error();
    Result<void> rest = leading == DataLeading::BY_TABLE ? spread_over_first(device, data_queues)
                                                         : queue->lead(kAnyType, 0, kRest);
    if (!rest) return rest.error();
    return queue;
}

SlowQueue::~SlowQueue() {
    rte_flow_error error{};
    for (rte_flow *rule : rules_)
        rte_flow_destroy(device_, rule, &error);
}

Result<void> SlowQueue::lead(uint16_t ether_type, uint16_t queue, uint32_t priority) {
    const Rule rule(ether_type, queue, priority);
    rte_flow_error error{};
    rte_flow *made = rte_flow_create(device_, &rule.attributes, rule.pattern, rule.actions, &error);
    if (made == nullptr)
        return Error{
            fmt::format("its driver does not lead frames to queue {} by their type: {}", queue,
                        error.message != nullptr ? error.message : rte_strerror(rte_errno))};
    rules_.push_back(made);
    return {};
}

} // namespace lagg::port
