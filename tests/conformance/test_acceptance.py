"""Checks 9 to 17: what is taken for an LACPDU, and what is not."""

import os
import random
import time

from check import Check, long, main, on, twin
from frames import VERSION_2_TLVS, tlv, with_octets
from tester import UP
from wire import DESTINATION, LENGTH, SLOW_PROTOCOLS, TIMEOUT

LONGEST = 1514
SUBTYPE, ACTOR_TLV, PARTNER_TLV = 14, 16, 36
RESERVED = [*range(33, 36), *range(53, 56), *range(60, 72), *range(74, LENGTH)]
FUZZ_RATE = 1000  # frames a second
BUSY_LIMIT = 0.9  # of a core
GROWTH_LIMIT = 2048  # KiB
ETHERTYPE = SLOW_PROTOCOLS.to_bytes(2, "big")


class Acceptance(Check):
    def assert_accepted(self, tester, frame):
        """D knows the sender after this frame."""
        begun = time.time()
        tester.send(frame)
        self.bench.wait("CURRENT", lambda lagg: next(
            port for port in lagg["ports"] if port["name"] == self.name_of(tester))["lacp"]
            ["machines"]["rx"] == "CURRENT", 2)
        pdu = tester.wait_pdu(lambda pdu: pdu.partner.system == tester.actor.system, 4, begun)
        self.assertEqual(pdu.partner.port, tester.actor.port)
        self.assert_no_bits(pdu.state, 0xc0)

    def name_of(self, tester):
        return self.bench.names[self.bench.testers.index(tester)]

    def counted(self, number=1):
        """(LACPDUs, unknown, illegal) that came in."""
        lacp = self.bench.lacp_of(number)
        return lacp["lacpdus_rx"], lacp["unknown_rx"], lacp["illegal_rx"]

    def assert_counts(self, before, lacpdus=0, unknown=0, illegal=0):
        want = tuple(old + more for old, more in zip(before, (lacpdus, unknown, illegal)))
        self.bench.wait(f"counters {want} (at first {before})",
                        lambda _: self.counted() == want, 3)

    def test_09_version_2(self):
        """A version 2 LACPDU with all of its TLVs is taken for what it says in the first three."""
        self.bench.connect()
        self.assert_accepted(self.t, self.t.pdu(version=2, tail=VERSION_2_TLVS + tlv(0, 2)))

    @on(cables=2)
    def test_10_foreign_versions_and_tlvs(self):
        """Version 0xF1 with TLVs 0x80 and 0x81, and a TLV 0x64 behind the PDU, are accepted."""
        self.bench.connect()
        self.assert_accepted(self.t, self.t.pdu(version=0xf1, tail=tlv(0x80, 4) + tlv(0x81, 4)))
        self.assert_accepted(self.u, self.u.pdu() + tlv(0x64, 24))

    def test_11_reserved_octets(self):
        """Reserved octets may have any value."""
        self.bench.connect()
        self.assert_accepted(self.t, with_octets(self.t.pdu(), **{
            f"at_{place}": 0xff for place in RESERVED}))

    @on(cables=2)
    def test_12_length(self):
        """LACPDUs of 124 to 1514 octets are accepted; shorter ones are dropped and counted."""
        self.bench.connect()
        before = self.counted()
        for length in (LENGTH - 1, 110, 60, 17, 15):
            self.t.send(self.t.pdu()[:length])
        self.assert_counts(before, illegal=5)
        self.assertNotEqual(self.bench.lacp_of()["machines"]["rx"], "CURRENT")
        self.assert_accepted(self.t, self.t.pdu())
        self.assert_accepted(self.u, self.u.pdu().ljust(LONGEST, b"\xa5"))

    def test_13_wrong_tlvs(self):
        """A wrong type or length of the first or second TLV: dropped, counted, nothing changes."""
        self.bench.bring_up()
        before, state = self.counted(), self.bench.lacp_of()["machines"]
        for place in (ACTOR_TLV, PARTNER_TLV):
            for octet in (place, place + 1):
                for value in (0, 19, 21, 255):
                    self.t.send(with_octets(self.t.pdu(), **{f"at_{octet}": value}))
        self.assert_counts(before, illegal=16)
        self.assertEqual(self.bench.lacp_of()["machines"], state)

    def test_14_other_subtypes(self):
        """Subtypes 0 and above 10 are illegal, 3 to 10 unknown; none is answered or delivered."""
        self.bench.bring_up()
        delivered = self.bench.client.capture(SLOW_PROTOCOLS)
        before, begun = self.counted(), time.time()
        for subtype in [0, *range(3, 256)]:
            self.t.send(with_octets(self.t.pdu(), **{f"at_{SUBTYPE}": subtype}))
            time.sleep(0.002)
        self.assert_counts(before, unknown=8, illegal=246)
        self.assertEqual(self.t.slow_frames(begun), [])
        self.assertEqual(delivered.since(begun), [])
        self.assertTrue(self.bench.port()["distributing"])

    def test_15_other_destinations_and_tagged(self):
        """An LACPDU to a unicast address or with a VLAN tag is not processed; the first is
        counted."""
        self.bench.connect()
        before = self.counted()
        own = bytes.fromhex(self.bench.port()["mac"].replace(":", ""))
        self.t.send(self.t.pdu(destination=own))
        self.t.send(self.t.pdu(destination=bytes.fromhex("0180c2000003")))
        self.assert_counts(before, unknown=2)
        tagged = self.t.pdu()
        self.t.send(tagged[:12] + bytes.fromhex("81000005") + tagged[12:])
        self.assert_never("a tagged LACPDU was processed", lambda: self.counted() != (
            before[0], before[1] + 2, before[2]), 1)
        self.assertEqual(self.bench.lacp_of()["machines"]["rx"], "EXPIRED")

    def test_16_own_lacpdus_come_back(self):
        """A port that hears itself: at most 3 LACPDUs a second, told as a loopback, no traffic."""
        self.t.reflect_to(self.t)
        begun = time.time()
        self.t.plug()
        self.bench.wait("loopback", lambda lagg: lagg["ports"][0]["lacp"]["loopback"], 3)
        self.assert_never("the looped port carries traffic",
                          lambda: self.bench.port()["distributing"], 4)
        self.assert_rate(self.t.lacpdus(begun), 3)
        self.assertEqual([pdu for pdu in self.t.lacpdus(begun) if pdu.state & 0x30], [])

    @on(cables=2, alone=True)
    def test_17_garbage(self):
        """1000 slow frames of garbage a second: no crash, no leak, the other port stays up."""
        self.garbage(8)

    @long
    @on(cables=2, alone=True)
    @twin("Conformance.Check17AMinuteOfGarbageLeavesTheOtherPortAlone")
    def test_17_garbage_long(self):
        """1000 slow frames of garbage a second for a minute."""
        self.garbage(60)

    def garbage(self, seconds):
        self.bench.bring_up(self.u)
        self.u.speak(state=UP | TIMEOUT)
        self.bench.connect(self.t)
        self.throw(2)  # what it needs for the first time
        memory, cpu, begun = self.memory(), self.cpu_seconds(), time.time()
        thrown = self.throw(seconds)
        took = time.time() - begun
        self.assertLess(self.memory() - memory, GROWTH_LIMIT, "KiB that laggd grew")
        self.assertLess((self.cpu_seconds() - cpu) / took, BUSY_LIMIT)
        self.assert_no_loss(thrown)
        self.assertEqual({pdu.state & 0x38 for pdu in self.u.lacpdus(begun)}, {0x38})
        self.assert_rate(self.t.lacpdus(begun), 3)
        buffers = self.hall.laggd.get()
        self.assertGreater(buffers["buffers_free"], buffers["buffers_total"] * 0.9)

    def assert_no_loss(self, thrown):
        self.assertGreater(thrown, 0.8 * FUZZ_RATE, "frames a second were thrown")
        self.assertTrue(self.bench.port(2)["distributing"])

    def throw(self, seconds):
        """Garbage on the first cable; how many frames a second that was."""
        chance = random.Random(17)
        begun = time.monotonic()
        count = 0
        while (now := time.monotonic() - begun) < seconds:
            while count < now * FUZZ_RATE:
                self.t.send(self.garbage_frame(chance))
                count += 1
            time.sleep(0.002)
        return count / seconds

    def garbage_frame(self, chance):
        """Random octets behind a good head, or a good LACPDU with some octets that are not."""
        length = chance.randint(60, LONGEST)
        if chance.random() < 0.5:
            return (DESTINATION + self.t.source + ETHERTYPE
                    + bytes([chance.choice((1, 2, 3, 0, 255))]) + chance.randbytes(length - 15))
        frame = bytearray(self.t.pdu().ljust(length, b"\0"))
        for _ in range(chance.randint(1, 5)):
            frame[chance.randint(14, LENGTH - 1)] = chance.randint(0, 255)
        return bytes(frame)

    def process(self):
        return self.hall.laggd.get()["pid"]

    def memory(self):
        """KiB that are resident."""
        with open(f"/proc/{self.process()}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.process()}/stat") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
