/* What a policy written in C sees: the one header that laggd and the policy share.
 *
 * A policy is one function that looks at a parsed flow and says where its frame goes:
 *
 *     #include "lagg_policy.h"
 *
 *     LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)
 *     {
 *         if (flow->outer_vlan == 100)
 *             return LAGG_BUCKET(0);
 *         return flow->hash;
 *     }
 *
 * compiled with "lagglab policy build FILE.c", or by hand with
 *
 *     clang -O2 -g -target bpf -mcpu=v2 -c FILE.c
 *
 * It compiles as C for BPF and as C++, and includes nothing: Debian's stdint.h is not there for BPF.
 * See lagg-policy(7).
 */
#ifndef LAGG_POLICY_H
#define LAGG_POLICY_H

typedef unsigned char lagg_u8;
typedef unsigned short lagg_u16;
typedef unsigned int lagg_u32;
typedef unsigned long long lagg_u64;

/* Before the policy's function. */
#define LAGG_POLICY __attribute__((section("lagg_policy"), used))
/* Before every other function: a policy cannot call, it can only have things inlined. */
#define LAGG_INLINE static inline __attribute__((always_inline))

/* A lagg has 4096 buckets, and each belongs to one port at a time. */
#define LAGG_BUCKETS 4096u
/* A result that names a bucket, 0 to 4095; higher numbers begin anew at 0. */
#define LAGG_BUCKET(n) (0x100000000ull | ((n) & (LAGG_BUCKETS - 1u)))

/* Words of memory that stay from one frame to the next. */
#define LAGG_MEMORY 256u

/* 10.0.0.1 is LAGG_IP(10, 0, 0, 1), to compare with source_ip[0] of a flow of IPv4. */
#define LAGG_IP(a, b, c, d) ((a) * 0x1u | (b) * 0x100u | (c) * 0x10000u | (d) * 0x1000000u)
/* Octets of an address are in network order; as a number they are LAGG_HOST32(flow->source_ip[0]). */
#define LAGG_HOST32(x) __builtin_bswap32(x)

enum { LAGG_ICMP = 1, LAGG_TCP = 6, LAGG_UDP = 17, LAGG_ESP = 50, LAGG_SCTP = 132 };

/* One frame's flow: a copy that belongs to the policy for one call. What does not apply is zero.
 * Writing into it is allowed and changes nothing but `memory`. */
struct lagg_flow {
    lagg_u8 destination_mac[6];
    lagg_u8 source_mac[6];
    lagg_u16 ethertype;         /* behind the VLAN tags: 0x0800 is IPv4; 0 where it is a length */
    lagg_u8 ip_version;         /* 4, 6, or 0 when it is not IP */
    lagg_u8 protocol;           /* of IP: 6 is TCP, 17 is UDP; behind IPv6 extension headers */
    lagg_u32 source_ip[4];      /* as in the packet: network order; of IPv4 the first word alone */
    lagg_u32 destination_ip[4];
    lagg_u16 source_port;       /* of TCP, UDP and SCTP; 0 for fragments */
    lagg_u16 destination_port;
    lagg_u16 outer_vlan;        /* VLAN number, 0 without a tag */
    lagg_u16 inner_vlan;        /* that of the second tag */
    lagg_u32 length;            /* of the frame from its destination address on, in octets */
    lagg_u8 has_ports;          /* 1 when the ports were read, else 0 */
    lagg_u8 reserved1[3];
    lagg_u32 flow_label;        /* of IPv6 */
    lagg_u32 spi;               /* of ESP and AH */
    lagg_u64 now_us;            /* a clock in microseconds that only grows; read once a burst */
    lagg_u32 hash;              /* what the lagg's own hash gives; costs nothing where it is not read */
    lagg_u32 reserved2[11];
    /* Zero when the policy is loaded and the policy's own from then on: every worker has one, and no
     * two policies share any. An index needs a bound that shows: memory[i & 255]. */
    lagg_u32 memory[LAGG_MEMORY];
};

/* Mixes two numbers to 32 bits that are good enough for a result. */
LAGG_INLINE lagg_u32 lagg_mix(lagg_u32 a, lagg_u32 b)
{
    lagg_u64 x = a;
    x = (x << 32 | b) * 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 32) * 0xbf58476d1ce4e5b9ull;
    x = x ^ x >> 29;
    return x >> 32;
}

#endif
