/* What layer3+4 of the lagg itself looks at, mixed by a policy: addresses, ports and protocol. */
#include "dataplane/bpf/lagg_policy.h"

LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)
{
    lagg_u32 ports = flow->source_port;
    ports = ports << 16 | flow->destination_port;
    return lagg_mix(flow->source_ip[0] ^ ports, flow->destination_ip[0] + flow->protocol);
}
