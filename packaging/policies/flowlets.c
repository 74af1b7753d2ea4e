/* Round robin by flowlet: a flow that paused for more than 500 microseconds may go on elsewhere.
 *
 * Frames that are further apart than any two ports differ in delay cannot overtake each other. So a
 * large flow need not stay on one port for its whole life: whenever it pauses it takes the next
 * place. That spreads a few large flows better than a hash can.
 *
 * Memory: each worker has 256 words that stay. Here every flow hashes to one of 64 pairs of words:
 * when its last frame was, and where it went. Flows that meet in a pair keep each other from moving,
 * and nothing worse. The last word counts who came.
 */
#include "lagg_policy.h"

#define GAP_US 500u

LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)
{
    lagg_u32 addresses = flow->source_ip[0] ^ flow->destination_ip[0] ^ flow->source_ip[3] ^
                         flow->destination_ip[3];
    lagg_u32 ports = flow->source_port;
    ports = ports << 16 | flow->destination_port;

    /* The mask shows the checker that the index stays below 256. 252 and not 254: the last words are
     * the counter's. */
    lagg_u32 pair = lagg_mix(addresses, ports) & 252u;
    lagg_u32 *last = &flow->memory[pair];
    lagg_u32 *place = &flow->memory[pair + 1];
    lagg_u32 *counter = &flow->memory[255];

    /* The low 32 bits of the clock will do: their difference is right even when they wrap. */
    lagg_u32 now = flow->now_us;
    if (now - *last > GAP_US) {
        *counter += 1;
        *place = *counter;
    }
    *last = now;

    /* Far apart, and every bucket in its turn: 2531 has no divisor in common with 4096. */
    return LAGG_BUCKET(*place * 2531u);
}
