"""Ports over AF_XDP: they open, carry traffic, and leave no program behind on the interface."""

from daemon_lab import LAGG_ALIASES, DaemonTest
from smoke import main, wait_for

from lab.laboratory import PORTS

STATIC = {"protocol": "failover", "aliases": LAGG_ALIASES}


class AfXdp(DaemonTest):
    def setUp(self):
        super().setUp()
        self.write_ports()

    def write_ports(self):
        self.laggd.write([{"name": name, "device": f"net_af_xdp,iface={name}"} for name in PORTS],
                         STATIC)

    def has_program(self, interface):
        return "xdp" in self.link(interface)

    def start(self):
        self.bridge_partner(["r1", "r2"])
        self.laggd.start_and_wait()
        self.wait_carrier(True)

    def test_traffic_and_no_trace(self):
        self.start()
        self.assert_answers()
        self.assertTrue(self.has_program("p1"))
        self.lab.cables[0].pull()
        self.laggd.wait_distributing(["p2"], 2)
        self.assert_answers()
        self.assertEqual(self.laggd.stop(), 0)
        for port in PORTS:
            self.assertFalse(self.has_program(port), "an XDP program stays on the interface")

    def test_a_port_that_is_taken_out_comes_back(self):
        self.start()
        for _ in range(3):
            self.laggd.write([{"name": "p2", "device": "net_af_xdp,iface=p2"}], STATIC)
            self.reload()
            self.write_ports()
            self.reload()
            self.laggd.wait_distributing(["p1"], 2)
        self.assert_answers()

    def test_killed_and_started_again(self):
        self.start()
        self.laggd.kill()
        self.laggd.start_and_wait()
        self.wait_carrier(True)
        wait_for("both links up", lambda: all(p["link_up"] for p in self.laggd.lagg()["ports"]), 5)
        self.assert_answers()


if __name__ == "__main__":
    main()
