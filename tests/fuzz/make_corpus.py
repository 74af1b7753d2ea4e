#!/usr/bin/env python3
"""Writes the seeds of the corpora of all targets but events anew: one small file for each thing
worth starting from.

Usage: make_corpus.py DIRECTORY   (tests/fuzz/corpus)

The octets are put together here from the standard's figures, not with the encoder under test.
"""
import pathlib
import struct
import sys

from distribute_seeds import BURSTS
from frame_seeds import FRAMES

HEAD = bytes.fromhex("0180c2000002" "02005e102030" "8809")
SYSTEM, PARTNER = bytes.fromhex("02aabbccddee"), bytes.fromhex("021122334455")


def information(kind, system, state, port=1, key=1, length=20):
    return struct.pack(">BBH6sHHHB3x", kind, length, 0x8000, system, key, 0x8000, port, state)


def lacpdu(actor=0x3D, partner=0x3D, version=1, collector=(3, 16), tail=bytes(52), **fields):
    tlvs = information(1, SYSTEM, actor, **fields) + information(2, PARTNER, partner)
    return HEAD + bytes([1, version]) + tlvs + bytes(collector) + bytes(14) + tail


def marker(kind, length=16, tail=bytes(92)):
    return HEAD + bytes([2, 1, kind, length]) + struct.pack(">H6sI2x", 1, SYSTEM, 0xDECADE) + tail


V2_TLVS = (bytes([4, 6, 0, 0x80, 0xC2, 0]) + bytes([5, 20, 0, 1]) + bytes(16) +
           bytes([10, 18]) + bytes(16) + bytes([6, 131, 8]) + bytes(range(128)) + bytes([7, 130]) +
           bytes(128))
LACPDUS = {
    "distributing": lacpdu(),
    "first_after_link_up": lacpdu(0xC7, 0x02),
    "attached": lacpdu(0x0D, 0x05),
    "individual": lacpdu(0x39),
    "passive": lacpdu(0x04, 0x00),
    "expired": lacpdu(0x8F),
    "port_zero": lacpdu(port=0, key=0),
    "highest_values": lacpdu(0xFF, 0xFF, port=0xFFFF, key=0xFFFF),
    "version_2_with_masks": lacpdu(version=2, tail=V2_TLVS + bytes(50)),
    "version_f1_retry_count": lacpdu(version=0xF1, tail=bytes([0x80, 4, 5, 0, 0x81, 4, 3, 0]) +
                                     bytes(44)),
    "vendor_tlv_behind": lacpdu(tail=bytes([0, 0, 0x64, 8]) + bytes(48)),
    "longest": lacpdu(tail=bytes(52) + bytes(1390)),
    "truncated": lacpdu()[:110],
    "one_octet_short": lacpdu()[:123],
    "header_only": HEAD,
    "wrong_actor_length": lacpdu(length=19),
    "wrong_collector_type": lacpdu(collector=(4, 16)),
    "tagged": HEAD[:12] + bytes.fromhex("81000064") + lacpdu()[12:],
    "unicast": SYSTEM + lacpdu()[6:],
}
MARKERS = {
    "marker": marker(1),
    "response": marker(2),
    "neither": marker(3),
    "wrong_length": marker(1, 15),
    "truncated": marker(1)[:60],
    "one_octet_short": marker(1)[:123],
    "longest": marker(1, tail=bytes(92) + bytes(1390)),
}


def main():
    for target, files in (("lacpdu", LACPDUS), ("marker", MARKERS), ("frame", FRAMES),
                          ("distribute", BURSTS)):
        directory = pathlib.Path(sys.argv[1]) / target
        directory.mkdir(parents=True, exist_ok=True)
        for name, octets in files.items():
            (directory / name).write_bytes(octets)


if __name__ == "__main__":
    main()
