"""Frames larger than those of 1500: they pass in both directions, whether the MTU was there at the
start or came with a reload, and full-sized ones with a VLAN tag too."""

from daemon_lab import DaemonTest
from smoke import main
from wire import (ETH_P_ALL, packet_socket, receive_payload, receive_tagged, socket_in,
                  tagged_frame,
                  twice_tagged_frame)

from lab.command import run
from lab.laboratory import PORTS

LARGEST = 9216
IPV6_OVERHEAD = 48


class Jumbo(DaemonTest):
    def setUp(self):
        super().setUp()
        self.bridge_partner(["r1", "r2"])
        self.widen(LARGEST + 4, *((self.lab.partner_side, name) for name in ("r1", "r2", "br0")))
        # The largest frame from the other side is what ours are allowed to be.
        self.far("link", "set", "br0", "mtu", "9000")

    def far(self, *words):
        run(["ip", "-n", self.lab.partner_side.name, *words])

    def configure(self, mtu):
        self.laggd.write(PORTS, {"protocol": "failover", "mtu": mtu,
                                 "aliases": ["192.0.2.1/24", "2001:db8::1/64"]})

    def assert_large(self, mtu):
        self.assertEqual(self.mtus("p1", "p2", "lagg0"), [mtu] * 3)
        self.assert_large_ping(mtu)
        self.assert_large_ping(mtu, "2001:db8::11", overhead=IPV6_OVERHEAD)
        self.assert_large_ping(mtu, "192.0.2.1", self.lab.partner_side)

    def test_from_the_start(self):
        self.configure(9000)
        self.laggd.start_and_wait()
        self.assert_large(9000)

    def test_by_reload(self):
        self.configure(1500)
        self.laggd.start_and_wait()
        self.assert_answers()
        self.configure(9000)
        self.reload()
        self.assert_large(9000)

    def test_the_largest(self):
        self.far("link", "set", "br0", "mtu", str(LARGEST))
        self.configure(LARGEST)
        self.laggd.start_and_wait()
        self.assert_large(LARGEST)

    def test_restart_keeps_it(self):
        self.configure(9000)
        self.laggd.start_and_wait()
        self.assertEqual(self.laggd.stop(), 0)
        self.assertEqual(self.link()["mtu"], 9000)
        self.laggd.start_and_wait()
        self.assert_large(9000)

    def test_vlan(self):
        """A tagged frame is four octets longer than the MTU says."""
        self.configure(1500)
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(["p1"], 5)
        payload = bytes(range(250)) * 6
        ours = socket_in(self.inside, lambda: packet_socket("lagg0", ETH_P_ALL))
        theirs = socket_in(self.lab.partner_side, lambda: packet_socket("r1", ETH_P_ALL))
        with ours, theirs:
            theirs.send(tagged_frame(7, payload))
            self.assertTrue(receive_tagged(ours, 7, payload), "towards lagg0")
            ours.send(tagged_frame(8, payload))
            self.assertTrue(receive_tagged(theirs, 8, payload), "from lagg0")

    def test_two_tags_and_what_the_port_says_about_them(self):
        self.configure(1500)
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(["p1"], 5)
        self.assertIn("two VLAN tags leave 1496 octets, 1492 when the first is a service tag",
                      self.laggd.port("p1")["features"])
        self.inside.run(["ip", "link", "set", "lagg0", "mtu", "1600"])  # or it refuses them itself
        ours = socket_in(self.inside, lambda: packet_socket("lagg0", ETH_P_ALL))
        theirs = socket_in(self.lab.partner_side, lambda: packet_socket("r1", ETH_P_ALL))
        with ours, theirs:
            for tag, room in ((0x8100, 1496), (0x88a8, 1492)):
                for octets in (room + 1, room):
                    ours.send(twice_tagged_frame(tag, bytes(octets)))
                self.assertEqual(receive_payload(theirs), room, hex(tag))
        self.assertEqual(self.laggd.port("p1")["nic"]["tx_errors"], 2)


if __name__ == "__main__":
    main()
