"""Seeds for the target that distributes: a policy, how many members there are, and a burst of
frames. Most are one frame and copies of it that differ in one octet, which is what the vector
paths take four at a time."""
from frame_seeds import FRAMES

LAYER2, LAYER23, LAYER34, FIVE_TUPLE, ALL = 0x00F, 0x16F, 0xF60, 0x760, 0xFFF
INNER, SYMMETRIC, NIC = 1, 2, 12
# Places in a frame without tags that tell flows apart.
MAC, IPV4_SOURCE, IPV4_PORT, IPV6_PORT = 11, 29, 37, 57


def copies(places, first=0):
    """Copies of the frame before: at each place another octet."""
    return bytes([0x80 | len(places) - 1]) + b"".join(bytes([place, first + i])
                                                      for i, place in enumerate(places))


def frame(name):
    octets = FRAMES[name]
    assert len(octets) < 0x80, name
    return bytes([len(octets)]) + octets


def burst(members, size, fields, flags, *parts, step=2, nic_hashes=0):
    """`size` packets are dealt out at a time, and each frame begins `step` octets further on than
    the one before."""
    return bytes([members - 1, size - 1, fields >> 8, fields & 0xFF, flags, step,
                  nic_hashes]) + b"".join(parts)


BURSTS = {
    "ipv4": burst(4, 32, LAYER34, 0, frame("tcp4"), copies([IPV4_PORT] * 16),
                  copies([IPV4_SOURCE] * 16, 9)),
    "ipv4_symmetric": burst(8, 32, LAYER34, SYMMETRIC, frame("tcp4"), copies([IPV4_SOURCE] * 15)),
    "ipv6": burst(2, 5, LAYER34, 0, frame("tcp6"), copies([IPV6_PORT] * 16)),
    "ipv6_all_fields": burst(32, 7, ALL, SYMMETRIC, frame("tcp6"), copies([20, 40, 57, 15] * 4)),
    "ipv6_symmetric": burst(4, 32, FIVE_TUPLE, SYMMETRIC, frame("tcp6"),
                            copies([37, 53, 55, 57] * 4)),
    "vlan": burst(9, 32, LAYER23, 0, frame("vlan"), copies([15, 33] * 8)),
    "tagged_by_link": burst(3, 32, LAYER2, SYMMETRIC, frame("vlan"), copies([MAC, 15] * 8),
                            frame("qinq"), copies([15] * 8)),
    "by_link": burst(5, 31, LAYER2, 0, frame("tcp4"), copies([MAC] * 16), frame("arp"),
                     copies([MAC] * 7)),
    "arp": burst(4, 32, LAYER34, 0, frame("arp"), copies([MAC] * 16)),
    "slow_among_others": burst(4, 8, LAYER34, 0, frame("tcp4"), copies([IPV4_PORT] * 5),
                               frame("slow_protocol"),
                               copies([MAC] * 2), frame("tcp4"), copies([IPV4_PORT] * 8)),
    "nearly_alike": burst(4, 32, LAYER34, 0, frame("tcp4"),
                          copies([14, 20, 23, 12, 20, 23, 14, 12])),
    "tunnel_inside": burst(6, 32, LAYER34, INNER, frame("vxlan"), copies([103, 36, 99] * 5),
                           frame("tcp4"), copies([IPV4_PORT] * 8)),
    "options_and_fragments": burst(7, 32, LAYER34, 0, frame("options"), copies([IPV4_SOURCE] * 4),
                                   frame("fragment4"), copies([20, 21] * 4)),
    "nic": burst(12, 32, LAYER34, NIC, frame("tcp4"), copies([IPV4_PORT] * 16),
                 frame("slow_protocol"), nic_hashes=0x55),
    "short_frames": burst(4, 32, LAYER34, 0, bytes([0]), frame("header_only"), copies([MAC] * 4),
                          bytes([37]) +
                          FRAMES["tcp4"][:37], copies([IPV4_SOURCE] * 8),
                          bytes([38]) + FRAMES["tcp4"][:38], copies([IPV4_SOURCE] * 8), step=63),
    "short_tagged": burst(4, 32, LAYER34, 0, bytes([40]) + FRAMES["vlan"][:40], copies([33] * 8),
                          bytes([41]) +
                          FRAMES["vlan"][:41], copies([33] * 8), bytes([57]) + FRAMES["tcp6"][:57],
                          copies([37] * 8)),
    "one_member": burst(1, 32, LAYER34, 0, frame("tcp4"), *[copies([0] * 16)] * 8),
}
