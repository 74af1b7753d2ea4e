"""Seeds for the target that reads frames: one for each kind of header that the parser walks over,
small so that the search changes what counts. Lengths and checksums are zero, since none of them is
read."""
import struct

MACS = bytes.fromhex("020000000001" "020000000002")
PORTS = struct.pack(">HH", 40000, 443) + bytes(4)


def ethernet(ethertype, payload, *tags):
    shown = b"".join(struct.pack(">HH", tpid, vlan) for tpid, vlan in tags)
    return MACS + shown + struct.pack(">H", ethertype) + payload


def ipv4(protocol, payload, fragment=0x4000, options=0):
    return struct.pack(">BBHHHBBH4s4s", 0x45 + options, 0, 0, 7, fragment, 64, protocol, 0,
                       bytes([10, 0, 0, 1]),
                       bytes([10, 0, 0, 2])) + bytes([1]) * 4 * options + payload


def ipv6(next_header, payload, label=0x12345):
    addresses = bytes.fromhex("20010db8" + "00" * 11 + "01" "20010db8" + "00" * 11 + "02")
    return struct.pack(">IHBB", 6 << 28 | label, 0, next_header, 64) + addresses + payload


def extension(next_header, payload, words=0):
    return bytes([next_header, words]) + bytes(6 + 8 * words) + payload


def fragment(next_header, offset_and_more, payload):
    return struct.pack(">BBHI", next_header, 0, offset_and_more, 9) + payload


def authentication(next_header, payload):
    return struct.pack(">BBHII", next_header, 1, 0, 0x1234, 1) + payload


def udp(port, payload):
    return struct.pack(">HHHH", 50000, port, 0, 0) + payload


def labels(*stack):
    last = len(stack) - 1
    return b"".join(struct.pack(">I", label << 12 | (i == last) << 8 | 64)
                    for i, label in enumerate(stack))


TCP4, TCP6 = ipv4(6, PORTS), ipv6(6, PORTS)
INNER4, INNER6 = ethernet(0x0800, TCP4), ethernet(0x86DD, TCP6)
VXLAN = bytes([8, 0, 0, 0, 0, 0, 5, 0])
GTP_EXTENDED = bytes([0x34, 0xFF]) + bytes(6) + bytes([0, 0, 0, 0x85]) + bytes([1, 0, 9, 0])

FRAMES = {
    "tcp4": ethernet(0x0800, TCP4),
    "tcp6": ethernet(0x86DD, TCP6),
    "options": ethernet(0x0800, ipv4(6, PORTS, options=3)),
    "fragment4": ethernet(0x0800, ipv4(17, PORTS, fragment=0x2001)),
    "fragment6": ethernet(0x86DD, ipv6(44, fragment(17, 9, PORTS))),
    "atomic_fragment": ethernet(0x86DD, ipv6(44, fragment(17, 0, PORTS))),
    "extensions": ethernet(0x86DD, ipv6(0, extension(43, extension(60, extension(6, PORTS), 1)))),
    "esp4": ethernet(0x0800, ipv4(50, bytes(range(16)))),
    "authentication4": ethernet(0x0800, ipv4(51, authentication(6, PORTS))),
    "authentication6": ethernet(0x86DD, ipv6(51, authentication(50, bytes(range(16))))),
    "vlan": ethernet(0x0800, TCP4, (0x8100, 5)),
    "qinq": ethernet(0x86DD, TCP6, (0x88A8, 5), (0x8100, 6)),
    "arp": ethernet(0x0806, bytes(28)),
    "slow_protocol": ethernet(0x8809, bytes([1, 1]) + bytes(30)),
    "length": ethernet(38, bytes([0x42, 0x42, 3])),
    "vxlan": ethernet(0x0800, ipv4(17, udp(4789, VXLAN + INNER4))),
    "vxlan_of_old": ethernet(0x86DD, ipv6(17, udp(8472, VXLAN + INNER6))),
    "geneve": ethernet(0x0800, ipv4(17, udp(6081, bytes([1, 0, 0x65, 0x58]) + bytes(8) + INNER4))),
    "gre": ethernet(0x0800, ipv4(47, bytes([0xB0, 0, 0x86, 0xDD]) + bytes(12) + TCP6)),
    "nvgre": ethernet(0x0800, ipv4(47, bytes([0x20, 0, 0x65, 0x58]) + bytes(4) + INNER4)),
    "ip_in_ip": ethernet(0x0800, ipv4(4, ipv4(41, ipv6(4, TCP4)))),
    "mpls": ethernet(0x8847, labels(16, 17, 18) + TCP4),
    "mpls_in_gre": ethernet(0x0800, ipv4(47, bytes([0, 0, 0x88, 0x47]) + labels(16) + TCP6)),
    "mpls_in_udp": ethernet(0x0800, ipv4(17, udp(6635, labels(16) + TCP6))),
    "mpls_in_ip": ethernet(0x0800, ipv4(137, labels(16, 17) + TCP4)),
    "gtp": ethernet(0x0800, ipv4(17, udp(2152, bytes([0x30, 0xFF]) + bytes(6) + TCP4))),
    "gtp_extended": ethernet(0x86DD, ipv6(17, udp(2152, GTP_EXTENDED + TCP6))),
    "pppoe": ethernet(0x8864, bytes([0x11, 0, 0, 1, 0, 0, 0, 0x21]) + TCP4),
    "five_deep": ethernet(0x0800, ipv4(4, ipv4(4, ipv4(4, ipv4(4, ipv4(4, TCP4)))))),
    "header_only": MACS + b"\x08\x00",
}
