"""Interfaces of ports that others rename while laggd has them: what laggd changed of an interface
is put back on that one, and on no other that has its name by then."""

from daemon_lab import DaemonTest
from smoke import main, wait_for

from lab.command import run
from lab.laboratory import PORTS

STATIC = {"protocol": "failover", "mtu": 1496}
SYSCTLS = ["ipv6.conf.{}.disable_ipv6", "ipv4.conf.{}.arp_ignore", "ipv4.conf.{}.rp_filter",
           "ipv4.conf.{}.forwarding"]
BYSTANDER = "other"


class Renamed(DaemonTest):
    """`other` is nobody's port, promiscuous of its own, and has an MTU of its own."""

    DRIVER = "net_af_packet"

    def setUp(self):
        super().setUp()
        self.ip("link", "add", BYSTANDER, "mtu", "1450", "type", "veth", "peer", "name", "peer")
        self.ip("link", "set", BYSTANDER, "up", "promisc", "on")
        self.before = {name: self.state(name) for name in ("p1", BYSTANDER)}
        self.laggd.write([{"name": name, "device": f"{self.DRIVER},iface={name}"}
                          for name in PORTS], STATIC)
        self.laggd.start_and_wait()
        wait_for("p1 promiscuous", lambda: self.state("p1") != self.before["p1"], 5)

    def ip(self, *words):
        self.inside.run(["ip", *words])

    def rename(self, *pairs):
        """In one breath."""
        self.inside.run(["ip", "-batch", "-"],
                        text_in="".join(f"link set {old} name {new}\n" for old, new in pairs))

    def state(self, name, namespace=None):
        """What laggd changes of an interface."""
        where = (namespace or self.inside)
        link = self.link(name, where)
        values = where.run(["sysctl", "-n", *(f"net.{key.format(name)}" for key in SYSCTLS)])
        return {"promiscuity": self.promiscuity(name, where), "mtu": link["mtu"],
                "sysctls": values.split()}

    def promiscuity(self, name, where):
        text = run(["ip", "-n", where.name, "-d", "link", "show", "dev", name])
        return int(text.split("promiscuity ")[1].split()[0])

    def stop(self):
        self.assertEqual(self.laggd.stop(), 0)

    def test_it_is_left_as_it_was(self):
        self.rename(("p1", "new"))
        self.stop()
        self.assertEqual(self.state("new"), self.before["p1"])

    def test_whoever_has_its_name_by_then_loses_nothing(self):
        self.rename(("p1", "new"), (BYSTANDER, "p1"))
        self.stop()
        self.assertEqual(self.state("p1"), self.before[BYSTANDER])
        self.assertEqual(self.state("new"), self.before["p1"])

    def test_two_ports_that_exchange_their_names(self):
        before = self.before["p1"]  # both were alike
        self.rename(("p1", "new"), ("p2", "p1"), ("new", "p2"))
        self.stop()
        for name in PORTS:
            self.assertEqual(self.state(name), before, name)

    def test_a_reload_changes_the_interface_and_not_the_name(self):
        self.rename(("p1", "new"), (BYSTANDER, "p1"))
        self.laggd.write([{"name": name, "device": f"{self.DRIVER},iface={name}"}
                          for name in PORTS],
                         {**STATIC, "mtu": 1493})
        self.reload()
        self.assertEqual((self.link("new")["mtu"], self.link("p1")["mtu"]), (1493, 1450))

    def test_moved_to_another_namespace_it_is_left_alone(self):
        elsewhere = self.lab.network.namespace("elsewhere")
        self.ip("link", "set", "p1", "netns", elsewhere.name)
        wait_for("laggd says that it is gone", lambda: self.laggd.port("p1")["problem"], 5)
        self.rename((BYSTANDER, "p1"))
        self.stop()
        self.assertEqual(self.state("p1"), self.before[BYSTANDER])
        self.assertIn("port p1: its interface is not in this network namespace any more",
                      self.laggd.said(1000))


class RenamedXdp(Renamed):
    DRIVER = "net_af_xdp"


if __name__ == "__main__":
    main()
