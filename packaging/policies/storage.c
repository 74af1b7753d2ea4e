/* Storage on ports of its own: iSCSI, NVMe over TCP, NFS and SMB use the last quarter of the buckets,
 * everything else the other three. With four ports of equal weight that is about one port's worth:
 * a backup cannot push telephony aside, nor the other way round.
 *
 * Both directions count: a storage server's replies come from the well-known port.
 */
#include "lagg_policy.h"

LAGG_INLINE int is_storage(lagg_u16 port)
{
    /* A switch is fine; a table of constants is not, since a policy has no memory but the flow. */
    switch (port) {
    case 3260: /* iSCSI */
    case 4420: /* NVMe over TCP */
    case 2049: /* NFS */
    case 445:  /* SMB */
        return 1;
    default:
        return 0;
    }
}

LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)
{
    lagg_u64 hash = flow->hash;

    /* Fragments have no ports, so that they go with everything else. */
    if (flow->protocol == LAGG_TCP &&
        (is_storage(flow->destination_port) || is_storage(flow->source_port)))
        return LAGG_BUCKET(3072 + (hash * 1024 >> 32));
    return LAGG_BUCKET(hash * 3072 >> 32);
}
