"""What others do to the kernel interface of a lagg while laggd runs, and a second laggd on it."""

from daemon_lab import LAGG_ALIASES, Daemon, DaemonTest
from smoke import main, wait_for

STATIC = {"protocol": "failover", "aliases": LAGG_ALIASES}
PATIENCE = 10  # seconds, for what is tried again every 5


class Interface(DaemonTest):
    def setUp(self):
        super().setUp()
        self.bridge_partner(["r1", "r2"])
        self.laggd.write(["p1", "p2"], STATIC)
        self.laggd.start_and_wait()
        self.wait_carrier(True)
        self.assert_answers()

    def ip(self, *words):
        self.inside.run(["ip", *words])

    def upper(self):
        return self.laggd.lagg()["upper"]

    def pull_all(self):
        for cable in self.lab.cables:
            cable.pull()

    def test_deleted_it_comes_back_with_its_addresses(self):
        for delete in (lambda: self.ip("link", "del", "lagg0"),
                       lambda: self.inside.run([str(self.laggd.programs.laggd), "--remove-interfaces"])):
            delete()
            self.assert_answers()
            self.assertEqual(self.addresses(), set(LAGG_ALIASES))
            self.wait_carrier(True)
        self.pull_all()
        self.wait_carrier(False)

    def test_a_carrier_set_by_hand_does_not_last(self):
        self.ip("link", "set", "lagg0", "carrier", "off")
        self.wait_carrier(True)
        self.pull_all()
        self.wait_carrier(False)
        self.ip("link", "set", "lagg0", "carrier", "on")
        self.wait_carrier(False)

    def test_renamed_it_is_known_by_its_new_name(self):
        self.ip("link", "set", "lagg0", "name", "other")
        wait_for("the new name in what laggd says", lambda: self.upper() == "kernel:other", 5)
        self.assert_answers()
        self.pull_all()
        wait_for("other without carrier", lambda: not self.carrier("other"), 5)
        self.laggd.write(["p1", "p2"], {**STATIC, "description": "renamed"})
        self.reload()
        self.assertEqual(self.link("other")["ifalias"], "renamed")

    def test_moved_away_it_keeps_its_carrier_and_comes_back_when_deleted_there(self):
        elsewhere = self.lab.network.namespace("elsewhere")
        self.ip("link", "set", "lagg0", "netns", elsewhere.name)
        wait_for("laggd says where it is", lambda: "another namespace" in self.upper(), 5)
        elsewhere.run(["ip", "link", "set", "lagg0", "up"])
        self.assertTrue(elsewhere.carrier("lagg0"))
        self.pull_all()
        wait_for("lagg0 without carrier", lambda: not elsewhere.carrier("lagg0"), 5)
        self.laggd.write(["p1", "p2"], {**STATIC, "mtu": 1600})
        self.assertIn("is in another network namespace", self.laggd.ctl("reload").err)
        elsewhere.run(["ip", "link", "del", "lagg0"])
        wait_for("lagg0 back", self.link, PATIENCE)
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))

    def test_a_name_that_is_taken_is_told_and_tried_again(self):
        # In one breath, so that there is no moment for laggd.
        self.inside.run(["ip", "-batch", "-"], text_in="link set lagg0 name gone\nlink add lagg0 type veth peer name peer\n"
                        "link del gone\n")
        wait_for("laggd says why", lambda: "no multi-queue TAP" in self.upper(), 5)
        self.assertIn("no multi-queue TAP", self.laggd.ctl("reload").err)
        self.ip("link", "del", "lagg0")
        wait_for("lagg0 back", lambda: self.upper() == "kernel:lagg0", PATIENCE)
        self.assert_answers()


class UpperPort(DaemonTest):
    def make(self):
        """u0 with a host behind it, as a container's."""
        self.inside.run(["ip", "-batch", "-"], text_in="link add u0 type veth peer name u1\nlink set u1 up\n"
                        "addr add 192.0.2.1/24 dev u1\n")
        self.inside.run(["ethtool", "-K", "u1", "tx", "off"])

    def test_an_upper_port_that_vanished_is_used_when_it_is_back(self):
        self.bridge_partner(["r1", "r2"])
        self.make()
        self.laggd.write(["p1", "p2", "u0"], {"protocol": "failover", "ports": ["p1", "p2"], "upper": "port:u0"})
        self.laggd.start_and_wait()
        self.assert_answers()
        self.inside.run(["ip", "link", "del", "u0"])
        wait_for("laggd says that it is gone", lambda: self.laggd.lagg()["upper"] == "port:u0 (not open)", 5)
        self.make()
        wait_for("u0 open", lambda: self.laggd.lagg()["upper"] == "port:u0", PATIENCE)
        self.assert_answers()


class TwoDaemons(DaemonTest):
    def setUp(self):
        super().setUp()
        self.bridge_partner(["r1", "r2"])
        self.laggd.write(["p1"], STATIC)
        self.laggd.start_and_wait()
        self.second = Daemon(self.inside, self.lab.directory / "second")
        self.addCleanup(self.second.stop)

    def start_second(self):
        self.second.start()
        wait_for("the second laggd's end", lambda: not self.second.program.alive, 20)
        return self.second.said(30)

    def test_the_interface_has_one_owner(self):
        self.second.write(["p2"], STATIC)
        self.assertIn(f"interface lagg0 belongs to the laggd with pid {self.laggd.program.pid}", self.start_second())
        self.assert_answers()
        self.laggd.kill()
        self.second.start_and_wait()

    def test_the_first_ones_socket_being_gone_changes_nothing(self):
        self.laggd.socket.unlink()
        self.second.config.write_text(self.laggd.config.read_text())
        self.assertIn(f"the laggd with pid {self.laggd.program.pid}", self.start_second())
        self.assert_answers()

    def test_a_port_has_one_owner(self):
        self.second.write(["p1", "p2"], {"name": "lagg1", "protocol": "failover"})
        self.second.start_and_wait()
        ports = self.second.lagg("lagg1")["ports"]
        self.assertIn(f"interface p1 belongs to the laggd with pid {self.laggd.program.pid}", ports[0]["problem"])
        self.assert_answers()
        self.laggd.kill()
        wait_for("p1 taken", lambda: self.second.lagg("lagg1")["ports"][0]["link_up"], PATIENCE)


if __name__ == "__main__":
    main()
