"""The MAC address of a lagg, and with it the LACP system that its partner knows: it stays for as
long as nobody else may send under it, and who has to know of another one is told."""

from daemon_lab import LACP_FAST, UP_LIMIT, DaemonTest, af_packet
from smoke import main, wait_for
from wire import packet_socket, socket_in

from lab.laboratory import PORTS

STATIC = {"protocol": "loadbalance", "aliases": ["192.0.2.1/24"]}
ARP = 0x0806


class Identity(DaemonTest):
    def start(self, *laggs, ports=PORTS):
        self.laggd.write(ports, *laggs)
        self.laggd.start_and_wait()
        self.wait_carrier(True)
        return self.link()["address"]

    def stop(self):
        self.laggd.program.stop()
        self.laggd.program = None

    def renamed(self, ports=("a", "b")):
        return [{**af_packet(interface), "name": name} for interface, name in zip(PORTS, ports)]

    def announcements(self, mac):
        """Opens sockets at the partner's ends; the function tells whether ARP of `mac` has come."""
        mac = bytes.fromhex(mac.replace(":", ""))
        ends = [socket_in(self.lab.partner_side, lambda name=name: packet_socket(name, ARP))
                for name in ("r1", "r2")]
        for end in ends:
            self.addCleanup(end.close)
            end.setblocking(False)

        def has_come():
            for end in ends:
                try:
                    while frame := end.recv(2048):
                        if frame[6:12] == mac:
                            return True
                except BlockingIOError:
                    pass
            return False
        return has_come

    def test_ports_that_change_their_names_change_nothing_else(self):
        partner = self.partner()
        before = self.start(LACP_FAST)
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.laggd.write(self.renamed(), LACP_FAST)
        self.reload()
        self.laggd.wait_distributing(["a", "b"], UP_LIMIT)
        self.assertEqual(self.link()["address"], before)
        self.assertEqual(partner.last("r1").actor.system.hex(":"), before)

    def test_ports_and_lagg_that_change_their_names_together(self):
        before = self.start(STATIC)
        self.laggd.write(self.renamed(), {**STATIC, "name": "lagg7"})
        self.reload()
        self.assertEqual(self.link("lagg7")["address"], before)

    def test_a_start_without_the_first_port(self):
        before = self.start(STATIC)
        self.stop()
        self.inside.run(["ip", "link", "delete", "p1"])
        self.assertEqual(self.start(STATIC), before)

    def test_the_order_of_the_ports_over_a_restart(self):
        before = self.start(STATIC)
        self.stop()
        self.assertEqual(self.start(STATIC, ports=["p2", "p1"]), before)

    def test_an_address_that_is_elsewhere_now_is_changed_and_told(self):
        """The first port leaves, and the host may send under its address."""
        before = self.start(STATIC)
        second = self.link("p2")["address"]
        self.assertNotEqual(before, second)
        has_come = self.announcements(second)
        self.laggd.write(["p2"], STATIC)
        self.reload()
        self.assertEqual(self.link()["address"], second)
        wait_for("an announcement of the new address", has_come, 3)

    def test_devices_that_are_exchanged_between_laggs(self):
        self.more_cables(3)
        laggs = [{**STATIC, "ports": ["a"]},
                 {"name": "lagg1", "ports": ["b"], "protocol": "loadbalance"}]
        self.start(*laggs, ports=self.renamed())
        before = self.link("lagg0")["address"], self.link("lagg1")["address"]
        self.laggd.write(self.renamed(("b", "a")), *laggs)
        self.reload()
        after = self.link("lagg0")["address"], self.link("lagg1")["address"]
        self.assertEqual(after, before[::-1], "an address that belongs to the other's device")


class DeadPort(DaemonTest):
    def test_everything_about_it_can_change(self):
        """Its interface is gone; a weight and a drain of it are no reason to refuse a file."""
        self.laggd.write(PORTS, STATIC)
        self.laggd.start_and_wait()
        self.inside.run(["ip", "link", "delete", "p1"])
        wait_for("the port's failure", lambda: self.laggd.port("p1")["problem"], 5)
        self.laggd.write([{**af_packet("p1"), "weight": 3, "lacp": {"drain": True}}, "p2"],
                         {**STATIC, "description": "changed"})
        self.reload()
        self.assertEqual(self.laggd.lagg()["description"], "changed")
        self.laggd.write([{**af_packet("p9"), "weight": 3}, "p2"],
                         {**STATIC, "ports": ["p9", "p2"]})
        self.assertIn("p9", self.refused().err)


if __name__ == "__main__":
    main()
