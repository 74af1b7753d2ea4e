"""What becomes of a lagg when its ports do not do what the configuration hopes: too few of them,
none, one that comes late; and a lagg that comes out at another port."""

import json
import time

from daemon_lab import LAGG_ALIASES, UP_LIMIT, Answer, DaemonTest, af_packet, null_port
from smoke import main, programs, traffic, wait_for

from lab.command import run
from lab.laboratory import PORTS

STATIC = {"protocol": "loadbalance"}
BAD_CONFIG, UNFIT = 6, 8
RETRY = 5  # seconds between two attempts at a port that failed


class MinLinks(DaemonTest):
    def min_links(self, **lagg):
        self.laggd.write(PORTS, {"min_links": 2, "aliases": LAGG_ALIASES, **lagg})
        self.laggd.start_and_wait()
        self.wait_carrier(True, UP_LIMIT)
        self.assertEqual(self.laggd.lagg()["state"], "UP")
        self.lab.cables[0].pull()
        self.wait_carrier(False, 2)
        lagg = self.laggd.lagg()
        self.assertIn(lagg["state"], ("DOWN", "NEGOTIATING"))
        self.assertEqual(self.laggd.distributing(), [], "a lagg below min_links carries traffic")
        wait_for("lagg0 down", lambda: self.link()["operstate"] == "DOWN", 3)
        self.lab.cables[0].plug()
        self.wait_carrier(True, UP_LIMIT)
        self.laggd.wait_distributing(PORTS, 2)
        # One less is asked for: one cable is enough from now on.
        self.laggd.write(PORTS, {"min_links": 1, "aliases": LAGG_ALIASES, **lagg_without(lagg)})
        self.reload()
        self.lab.cables[1].pull()
        self.laggd.wait_distributing(["p1"], 2)
        self.assertTrue(self.carrier())
        self.assertEqual(self.laggd.lagg()["state"], "DEGRADED")

    def test_loadbalance(self):
        self.min_links(protocol="loadbalance")

    def test_roundrobin(self):
        self.min_links(protocol="roundrobin")

    def test_lacp(self):
        self.partner()
        self.min_links(protocol="lacp", lacp={"rate": "fast"})

    def test_carrier_follows_the_last_port(self):
        self.laggd.write(PORTS, {"protocol": "failover", "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.wait_carrier(True)
        for cable in self.lab.cables:
            cable.pull()
        self.wait_carrier(False, 2)
        self.assertEqual(self.laggd.lagg()["state"], "DOWN")
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))
        self.lab.cables[1].plug()
        self.wait_carrier(True, 2)
        self.assertEqual(self.laggd.distributing(), ["p2"])


def lagg_without(described):
    """The keys to write again, from what the API says of a lagg."""
    lacp = {"lacp": {"rate": "fast"}} if described["protocol"] == "lacp" else {}
    return {"protocol": described["protocol"], **lacp}


class UpperPort(DaemonTest):
    """A bump in the wire: what comes in at p3 from a host leaves through the lagg of p1 and p2."""

    def setUp(self):
        super().setUp()
        self.host = self.lab.network.namespace("host")
        self.host.sysctl("net.ipv6.conf.default.accept_dad=0")
        network = self.lab.network
        self.lab.cables.append(network.cable((self.lab.lagg_side, "p3"), (self.host, "h3")))
        for address in ("192.0.2.1/24", "2001:db8::1/64"):
            run(["ip", "-n", self.host.name, "addr", "add", address, "dev", "h3"])
        self.bridge_partner(["r1", "r2"])
        self.configure()
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(["p1"], UP_LIMIT)

    def configure(self, **lagg):
        self.laggd.write(["p1", "p2", "p3"], {"protocol": "failover", "ports": PORTS,
                                              "upper": "port:p3", **lagg})

    def assert_both_ways(self):
        for address in ("192.0.2.11", "2001:db8::11"):
            self.assert_answers(address, self.host)
        for address in ("192.0.2.1", "2001:db8::1"):
            self.assert_answers(address, self.lab.partner_side)

    def test_frames_pass(self):
        self.assert_both_ways()
        self.assertEqual(self.laggd.lagg()["upper"], "port:p3")
        self.assertIsNone(self.link(), "an interface nobody asked for")
        self.assertEqual(traffic.answers(self.host, "192.0.2.11", 20), 20)
        self.lab.cables[0].pull()
        self.laggd.wait_distributing(["p2"], 2)
        self.assert_both_ways()

    def test_mtu_follows(self):
        self.configure(mtu=9000)
        self.reload()
        self.assertEqual(self.mtus("p1", "p2", "p3"), [9000] * 3)
        self.widen(9000, (self.host, "h3"), *((self.lab.partner_side, name)
                                              for name in ("r1", "r2", "br0")))
        self.assert_large_ping(9000, namespace=self.host)

    def test_to_the_kernel_and_back(self):
        self.configure(upper="kernel", aliases=["192.0.2.7/24"])
        self.reload()
        self.assertEqual(self.addresses(), {"192.0.2.7/24"})
        self.assert_answers("192.0.2.11")
        self.configure()
        self.reload()
        self.assertIsNone(self.link(), "the interface stayed although the lagg comes out elsewhere")
        self.assert_both_ways()

    def test_no_upper(self):
        self.configure(upper="none")
        self.reload()
        self.assertEqual(self.laggd.lagg()["upper"], "none")
        self.assertEqual(self.laggd.distributing(), ["p1"])
        self.assertEqual(traffic.answers(self.host, "192.0.2.11", 2), 0)


class InUse(DaemonTest):
    """Interfaces that the host uses otherwise."""

    def checked(self):
        return Answer(self.inside.argv([str(programs.laggd), "--check", str(self.laggd.config)]))

    def ip(self, *words):
        run(["ip", "-n", self.inside.name, *words])

    def test_left_out_until_it_is_free(self):
        self.ip("address", "add", "198.51.100.1/24", "dev", "p2")
        self.laggd.write(PORTS, STATIC)
        refused = self.checked()
        self.assertEqual(refused.code, BAD_CONFIG)
        line = next(number for number, text in
                    enumerate(self.laggd.config.read_text().splitlines(), 1) if "iface=p2" in text)
        self.assertTrue(refused.err.startswith(f"{self.laggd.config}:{line}:10: port p2: "), refused.err)
        for word in ("198.51.100.1/24", "in_use = true", "ip address flush dev p2"):
            self.assertIn(word, refused.err)
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(["p1"], UP_LIMIT)
        self.assertIn("198.51.100.1/24", self.laggd.port("p2")["problem"])
        self.ip("address", "flush", "dev", "p2")
        self.laggd.wait_distributing(PORTS, 2 * RETRY)

    def test_it_is_meant(self):
        self.ip("address", "add", "198.51.100.1/24", "dev", "p2")
        self.laggd.write(["p1", {**af_packet("p2"), "in_use": True}], STATIC)
        self.assertEqual(self.checked().code, 0)
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)

    def test_reload(self):
        """Refused whole; taken once the file says that it is meant."""
        self.laggd.write(["p1"], STATIC)
        self.laggd.start_and_wait()
        self.ip("link", "add", "br0", "type", "bridge")
        self.ip("link", "set", "p2", "master", "br0")
        self.laggd.write(PORTS, STATIC)
        answer = self.laggd.ctl("reload")
        self.assertEqual(answer.code, BAD_CONFIG)
        self.assertIn("is a port of bridge br0", answer.err)
        self.laggd.wait_distributing(["p1"], UP_LIMIT)
        self.laggd.write(["p1", {**af_packet("p2"), "in_use": True}], STATIC)
        self.assertEqual(self.laggd.ctl("reload").code, 0)

    def test_doctor_says_the_same(self):
        self.ip("route", "add", "203.0.113.0/24", "dev", "p2")
        self.laggd.write(PORTS, STATIC)
        doctor = [str(programs.laggctl), "doctor", "-c", str(self.laggd.config)]
        answer = Answer(self.inside.argv(doctor))
        self.assertEqual(answer.code, UNFIT, answer.err)
        self.assertIn("is named by the route to 203.0.113.0/24", answer.out)
        self.ip("route", "del", "203.0.113.0/24", "dev", "p2")
        answer = Answer(self.inside.argv([*doctor, "-j"]))
        self.assertEqual(answer.code, 0, answer.out)
        self.assertEqual([one["name"] for one in json.loads(answer.out)], ["machine", *PORTS])


class Late(DaemonTest):
    """Ports that cannot be opened at the start."""

    def missing(self, name):
        return self.laggd.port(name)["state"] == "failed"

    def test_no_port_at_all(self):
        self.laggd.write([af_packet("late"), af_packet("later")],
                         {**STATIC, "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.assertEqual(self.laggd.lagg()["state"], "DOWN")
        for name in ("late", "later"):
            port = self.laggd.port(name)
            self.assertEqual(port["state"], "failed")
            self.assertIn(f"no kernel interface '{name}'", port["problem"])
        self.assertIn("late", self.laggd.said())
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))
        self.assertFalse(self.carrier())
        shown = self.laggd.ctl("show")
        self.assertEqual(shown.code, 0)
        self.assertIn("no kernel interface 'late'", shown.out)
        self.lab.network.veth((self.inside, "late"), (self.lab.partner_side, "peer"))
        self.laggd.wait_distributing(["late"], 2 * RETRY)
        self.wait_carrier(True)
        self.assertEqual(self.laggd.port("late")["problem"], "")
        self.assertEqual(self.laggd.lagg()["state"], "DEGRADED")
        self.assertTrue(self.missing("later"))

    def test_one_of_two(self):
        """The MTU of the lagg is that of the late port as well."""
        self.laggd.write(["p1", "late"], {**STATIC, "mtu": 1492, "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(["p1"], UP_LIMIT)
        mac = self.link()["address"]
        self.lab.network.veth((self.inside, "late"), (self.lab.partner_side, "peer"))
        self.laggd.wait_distributing(["late", "p1"], 2 * RETRY)
        self.assertEqual(self.mtus("late"), [1492])
        self.assertEqual(self.link()["address"], mac)

    def test_reload_while_a_port_is_missing(self):
        """What else changes is done although the one port still fails."""
        self.laggd.write(["p1", "late"], {**STATIC})
        self.laggd.start_and_wait()
        self.laggd.write(["p1", "p2"], {**STATIC, "description": "without the late one"})
        self.reload()
        self.laggd.wait_distributing(PORTS, 5)
        self.assertEqual([port["name"] for port in self.laggd.lagg()["ports"]], PORTS)

    def test_interface_taken_away_while_others_are_opened(self):
        """Between the port's opening and the lagg's hearing of it; laggd then finds it gone."""
        names = ["p1", *(f"q{number}" for number in range(1, 16))]
        self.inside.run(["ip", "-batch", "-"], text_in="".join(
            f"link add {name} type veth peer name {name}x\nlink set {name}x up\n" for name in names[1:]))
        self.laggd.write(names, STATIC)
        self.laggd.start()
        wait_for("p1 open", lambda: self.laggd.program.must_live() and "port p1: net_af_packet open" in
                 self.laggd.log_since(0), 20, every=0.001)
        self.inside.run(["ip", "link", "del", "p1"])
        wait_for("laggd running", lambda: " running " in self.laggd.log_since(0), 20)
        wait_for("p1 known to be gone", lambda: self.laggd.port("p1")["state"] == "failed", 3)
        self.inside.run(["ip", "-batch", "-"], text_in="link add p1 type veth peer name p1x\nlink set p1x up\n")
        wait_for("p1 in use", lambda: "p1" in self.laggd.distributing(), 2 * RETRY)

    def test_interface_taken_away(self):
        """A port whose interface is removed under it costs that port and nothing else."""
        self.lab.network.veth((self.inside, "stick"), (self.lab.partner_side, "peer"))
        self.laggd.write(["stick", "p1"], {"protocol": "failover", "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(["stick"], UP_LIMIT)
        run(["ip", "-n", self.inside.name, "link", "del", "stick"])
        self.laggd.wait_distributing(["p1"], 2)
        time.sleep(1)
        self.assertEqual(self.laggd.ctl("status").code, 0)
        self.assertTrue(self.carrier())


class NoProtocol(DaemonTest):
    def test_the_interface_stays(self):
        self.laggd.write(PORTS, {"protocol": "none", "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.assertEqual(self.laggd.lagg()["state"], "DISABLED")
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))
        self.assertFalse(self.carrier())

    def test_without_any_port(self):
        self.laggd.write([null_port("unused")], {"protocol": "none", "ports": [],
                                                 "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))


if __name__ == "__main__":
    main()
