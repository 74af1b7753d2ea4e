/* Weighted by VLAN: some VLANs have a part of the lagg for themselves, and share it by flow.
 *
 * A lagg has 4096 buckets, handed out to its ports by weight. A policy that names buckets says which
 * part of the lagg a frame may use: here VLAN 10 has the first half, VLAN 20 the next quarter, and
 * everything else what is left. Inside of its part a flow stays where its hash puts it, so that its
 * frames stay in order. When a port fails its buckets go to the others, whatever the policy says.
 */
#include "lagg_policy.h"

/* Spreads `hash` over `count` buckets from `first` on: a product's upper half, for nothing that is
 * not a power of two divides evenly. LAGG_INLINE because a policy cannot call functions. */
LAGG_INLINE lagg_u64 part(lagg_u32 hash, lagg_u32 first, lagg_u32 count)
{
    lagg_u64 wide = hash;
    return LAGG_BUCKET(first + (wide * count >> 32));
}

LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)
{
    /* What the lagg would have done; asked for once, it costs once. */
    lagg_u32 hash = flow->hash;

    if (flow->outer_vlan == 10)
        return part(hash, 0, 2048);
    if (flow->outer_vlan == 20)
        return part(hash, 2048, 1024);
    return part(hash, 3072, 1024);
}
