"""Checks 1 to 8: what an LACPDU looks like."""

import struct
import time

from check import Check, main, on
from bench import interface_address
from frames import EXPERIMENTAL, Lacpdu
from wire import ETH_P_ALL, LENGTH

FIELDS = {"system_priority": 0x0102, "key": 0x0304, "port_priority": 0x0506,
          "system_mac": "02:11:22:33:44:55"}
TLVS = {16: (1, 20), 36: (2, 20), 56: (3, 16), 72: (0, 0)}
RESERVED = [(33, 36), (53, 56), (60, 72), (74, LENGTH)]
VLAN = 5


class Format(Check):
    def test_01_header_and_length(self):
        """Destination 01-80-C2-00-00-02, EtherType 8809, subtype 1, version 1, 124 octets."""
        self.bench.connect()
        pdu = self.t.slow_frames()[0]
        self.assertEqual(pdu.data[:6].hex("-"), "01-80-c2-00-00-02")
        self.assertEqual(pdu.data[12:16].hex(), "88090101")
        self.assertEqual(len(pdu.data), LENGTH)

    @on(cables=2)
    def test_02_source_is_the_ports_own_address(self):
        """The source address is that of the very port, and no group address."""
        self.bench.connect()
        sources = [tester.lacpdus()[0].source for tester in self.bench.testers]
        self.assertEqual(sources, [interface_address(self.hall.inside, name)
                                   for name in self.bench.names])
        self.assertNotEqual(*sources)
        self.assertFalse(any(source[0] & 1 for source in sources))

    def test_03_tlvs_and_reserved_octets(self):
        """Types and lengths of the four TLVs at their places, every reserved octet 0."""
        self.bench.bring_up()
        self.assertGreaterEqual(len(self.t.lacpdus()), 2)
        for pdu in self.t.lacpdus():
            for place, kind_and_length in TLVS.items():
                self.assertEqual(tuple(pdu.data[place:place + 2]), kind_and_length)
            for begin, end in RESERVED:
                self.assertEqual(pdu.data[begin:end], bytes(end - begin),
                                 f"octets {begin} to {end}")

    @on(lacp=FIELDS)
    def test_04_fields_are_big_endian(self):
        """System priority, system, key and port priority in the octets where they belong."""
        self.bench.connect()
        data = self.t.lacpdus()[0].data
        self.assertEqual(data[18:28].hex(), "0102" "021122334455" "0304")
        self.assertEqual(data[28:30].hex(), "0506")
        # And those of the partner, as the tester has told them.
        echo = self.t.ask(priority=0x1112, key=0x1314, port_priority=0x1516, port=0x1718).data
        self.assertEqual(echo[38:40] + echo[46:52], bytes.fromhex("1112" "1314" "1516" "1718"))

    @on(cables=3, alone=True)
    def test_05_port_numbers_stay(self):
        """Port numbers are not 0, differ, and survive a flap, a removed neighbour and a restart."""
        bench = self.bench
        bench.connect()
        numbers = [tester.known.port for tester in bench.testers]
        self.assertEqual(len(set(numbers) - {0}), 3)
        self.t.pull()
        bench.connect(self.t)
        self.assertEqual(self.t.known.port, numbers[0])

        bench.reload(used=bench.names[1:])
        for tester, number in zip(bench.testers[1:], numbers[1:]):
            self.assertEqual(tester.ask().actor.port, number)

        bench.reload(used=bench.names)
        self.assertEqual(self.hall.stop(), 0)
        begun = time.time()
        self.hall.laggd.start_and_wait()
        for tester, number in zip(bench.testers, numbers):
            self.assertEqual(tester.wait_pdu(since=begun).actor.port, number)

    @on(cables=2)
    def test_06_one_system_one_key(self):
        """System, its priority and the key are the same on all ports of a lagg."""
        self.bench.connect()
        first, second = (tester.known for tester in self.bench.testers)
        self.assertEqual((first.priority, first.system, first.key),
                         (second.priority, second.system, second.key))
        self.assertNotEqual(first.port, second.port)
        self.assertEqual(first.system.hex(":"), self.bench.told()["mac"])

    def test_07_first_state(self):
        """The first LACPDU after link up says Expired and Defaulted and nothing that carries."""
        self.bench.connect()
        self.assert_state(self.t.lacpdus()[0].state, 0xc5)
        self.t.pull()
        self.bench.reload(lacp={"rate": "fast"})
        begun = time.time()
        self.t.plug()
        self.assert_state(self.t.wait_pdu(since=begun).state, 0xc7)

    def test_08_no_tag(self):
        """LACPDUs have no VLAN tag, also while the lagg's data has one."""
        # The kernel tells tags to those only that ask for every EtherType.
        heard = self.t.capture(ETH_P_ALL)
        self.bench.bring_up()
        self.bench.ready_client().send(b"\xff" * 6 + bytes.fromhex("020000000001") + struct.pack(
            ">HHH", 0x8100, VLAN, EXPERIMENTAL) + bytes(46))
        heard.wait("the tagged frame", lambda frame: frame.vlan == VLAN, 2)
        self.t.ask()
        self.assertGreaterEqual(len(self.t.lacpdus()), 3)
        pdus = [frame for frame in heard.since() if isinstance(frame, Lacpdu)]
        self.assertEqual([pdu.vlan for pdu in pdus], [None] * len(self.t.lacpdus()))


if __name__ == "__main__":
    main()
