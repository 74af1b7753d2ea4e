"""The end of laggd and its next start: what stays in the kernel, what goes, and what the partner
hears of it."""

import signal
import time

from daemon_lab import LACP_FAST, LAGG_ALIASES, UP_LIMIT, DaemonTest
from smoke import main, wait_for
from wire import CARRYING, files_of_huge_pages, xdp_programs

from lab.command import Program, run
from lab.laboratory import PARTNER_PORTS, PORTS

STOP_LIMIT = 2.0
BY_HAND = "198.51.100.7/24"
CANARY = "198.51.100.99/32"
ROUTES = {"203.0.113.0/24": "192.0.2.254", "2001:db8:f::/48": "2001:db8::fe"}


class Restart(DaemonTest):
    def setUp(self):
        super().setUp()
        self.peer = self.partner()
        self.members_before = self.members()
        self.laggd.write(PORTS, {**LACP_FAST, "aliases": LAGG_ALIASES})
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.wait_carrier(True)

    def members(self):
        """What laggd changes on the interfaces behind its ports while it uses them."""
        keys = ("ipv6/conf/{}/disable_ipv6", "ipv4/conf/{}/arp_ignore", "ipv4/conf/{}/rp_filter")
        return {name: ("PROMISC" in self.link(name)["flags"],
                       *(self.inside.run(["cat", f"/proc/sys/net/{key.format(name)}"]).strip()
                         for key in keys)) for name in PORTS}

    def add_by_hand(self):
        run(["ip", "-n", self.inside.name, "addr", "add", BY_HAND, "dev", "lagg0"])
        for destination, gateway in ROUTES.items():
            run(["ip", "-n", self.inside.name, "route", "add", destination, "via", gateway,
                 "dev", "lagg0"])

    def state(self):
        """What must not change whatever becomes of laggd."""
        where = self.inside.name
        routes = run(["ip", "-n", where, "route"]) + run(["ip", "-n", where, "-6", "route"])
        return {"index": self.link()["ifindex"], "mac": self.link()["address"],
                "addresses": self.addresses(),
                "routes": [destination for destination in ROUTES if destination in routes]}

    def watch_the_kernel(self):
        """`ip monitor` from now on; stop it, and its log has every deletion."""
        log = self.lab.directory / "monitor.out"
        program = Program("ip monitor", self.inside.argv(
            ["ip", "monitor", "link", "address", "route"]), log)
        self.addCleanup(program.stop)
        time.sleep(0.3)  # there is no sign that it listens
        return program

    def assert_nothing_went(self, monitor):
        def deletions():
            return [line for line in monitor.log.read_text().splitlines()
                    if line.startswith("Deleted")]

        # A monitor that had not seen this would not have seen anything else either.
        run(["ip", "-n", self.inside.name, "addr", "add", CANARY, "dev", "lagg0"])
        run(["ip", "-n", self.inside.name, "addr", "del", CANARY, "dev", "lagg0"])
        wait_for("the deletion in the monitor",
                 lambda: any(CANARY in line for line in deletions()), 5)
        monitor.stop()
        went = deletions()
        for ours in ["lagg0:", *LAGG_ALIASES, BY_HAND, *ROUTES]:
            self.assertEqual([line for line in went if ours in line], [])

    def timed_stop(self):
        begun = time.monotonic()
        code = self.laggd.stop()
        self.assertEqual(code, 0)
        self.assertLess(time.monotonic() - begun, STOP_LIMIT)

    def test_everything_stays(self):
        self.add_by_hand()
        before = self.state()
        self.assertEqual(before["addresses"], {*LAGG_ALIASES, BY_HAND})
        self.assertEqual(before["routes"], list(ROUTES))
        monitor = self.watch_the_kernel()
        self.timed_stop()
        self.assertEqual(self.state(), before)
        self.assertFalse(self.carrier(), "lagg0 has a carrier without laggd")
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.wait_carrier(True)
        self.assertEqual(self.state(), before)
        self.assert_nothing_went(monitor)

    def test_by_hand_stays_over_reload(self):
        self.add_by_hand()
        before = self.state()
        monitor = self.watch_the_kernel()
        self.laggd.write(PORTS, {**LACP_FAST, "aliases": LAGG_ALIASES, "description": "storage"})
        self.reload()
        self.assertEqual(self.state(), before)
        self.assert_nothing_went(monitor)

    def test_nothing_is_left_behind(self):
        self.assertNotEqual(self.members(), self.members_before)
        self.timed_stop()
        self.assertEqual(self.members(), self.members_before)
        self.assertFalse(self.laggd.socket.exists(), "the API socket is still there")
        self.assertEqual(xdp_programs(self.inside), [])
        self.assertEqual([file for file in files_of_huge_pages() if "laggd" in file], [])
        left = [str(path) for path in self.laggd.runtime.rglob("laggd*")]
        self.assertEqual(left, [])

    def test_alias_removed_while_stopped(self):
        self.add_by_hand()
        self.timed_stop()
        self.laggd.write(PORTS, {**LACP_FAST, "aliases": [LAGG_ALIASES[0], "2001:db8::2/64"]})
        self.laggd.start_and_wait()
        self.assertEqual(self.addresses(), {LAGG_ALIASES[0], "2001:db8::2/64", BY_HAND})

    def test_killed(self):
        self.add_by_hand()
        before = self.state()
        monitor = self.watch_the_kernel()
        self.laggd.kill()
        self.assertTrue(self.laggd.socket.exists(), "it cleaned up although it was killed")
        self.assertEqual(self.state(), before)
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.wait_carrier(True)
        self.assertEqual(self.state(), before)
        self.assert_nothing_went(monitor)
        self.assertEqual(self.laggd.ctl("status").code, 0)

    def test_goodbye(self):
        # laggd distributes first and says so after.
        wait_for("LACPDUs that say that traffic is welcome", lambda: all(
            self.peer.last(name).actor.state & CARRYING == CARRYING for name in PARTNER_PORTS), 2)
        self.timed_stop()
        time.sleep(0.2)
        for name in PARTNER_PORTS:
            self.assertEqual(self.peer.last(name).actor.state & CARRYING, 0,
                             f"the last LACPDU to {name} still says that traffic is welcome")

    def test_goodbye_of_a_removed_port(self):
        self.laggd.write(PORTS, {**LACP_FAST, "ports": ["p1"], "aliases": LAGG_ALIASES})
        begun = time.time()
        self.reload()
        time.sleep(1.5)  # long enough for a periodic LACPDU, had it gone on
        self.assertEqual(self.peer.last("r2").actor.state & CARRYING, 0)
        self.assertLess(self.peer.last("r2").at - begun, 1.0, "p2 still speaks after its removal")
        self.assertEqual(self.peer.last("r1").actor.state & CARRYING, CARRYING)
        self.assertEqual(self.laggd.distributing(), ["p1"])

    def test_two_signals(self):
        """A second SIGTERM while it is stopping changes nothing."""
        program = self.laggd.program
        program.process.send_signal(signal.SIGTERM)
        program.process.send_signal(signal.SIGTERM)
        wait_for("the end of laggd", lambda: not program.alive, STOP_LIMIT)
        self.assertEqual(program.process.returncode, 0)


if __name__ == "__main__":
    main()
