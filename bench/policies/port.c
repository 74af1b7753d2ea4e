/* The least that a policy can do and still spread: what it costs is what running any policy costs. */
#include "dataplane/bpf/lagg_policy.h"

LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)
{
    return LAGG_BUCKET(flow->source_port);
}
