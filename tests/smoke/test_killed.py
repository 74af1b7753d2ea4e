"""A reload that is cut short by SIGKILL, at every step of it: what starts next has one of the two
configurations whole, and nothing of the other one is left over."""

import os
import pathlib
import sys
import unittest

from daemon_lab import Answer, DaemonTest
from smoke import main, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
KILL_AT = os.environ.get("LAGG_KILL_AT_LIBRARY",
                         str(ROOT / "build" / "tests" / "smoke" / "libkill_at.so"))
STATIC = {"protocol": "loadbalance"}
# The distance of two steps that are tried; 1 where there is time for all of them.
STRIDE = int(os.environ.get("LAGG_KILL_STRIDE", "11"))
MOST_STEPS = 1000


class Killed(DaemonTest):
    def setUp(self):
        super().setUp()
        self.more_cables(3)
        self.at = self.lab.directory / "kill-at"
        self.laggd.env.update({"LD_PRELOAD": KILL_AT, "LAGG_KILL_AT": str(self.at)})
        self.untouched = self.members()

    def tearDown(self):
        self.at.unlink(missing_ok=True)
        super().tearDown()

    def write_first(self):
        self.laggd.write(["p1", "p2"], {**STATIC, "aliases": ["192.0.2.1/24", "2001:db8::1/64"],
                                        "description": "first"})

    def write_second(self):
        """A port goes to another lagg, one comes, and everything about lagg0 is other."""
        self.laggd.write(["p1", "p2", "p3"],
                         {**STATIC, "ports": ["p2", "p3"], "mtu": 1492, "description": "second",
                          "aliases": ["192.0.2.2/24", "2001:db8::1/64"]},
                         {"name": "lagg1", "ports": ["p1"], "protocol": "failover",
                          "aliases": ["198.51.100.1/24"]})

    def members(self):
        keys = ("ipv6/conf/{}/disable_ipv6", "ipv4/conf/{}/arp_ignore", "ipv4/conf/{}/rp_filter")
        links = self.inside.links()
        return {name: (links[name]["mtu"], "PROMISC" in links[name]["flags"],
                       *(self.inside.run(["cat", f"/proc/sys/net/{key.format(name)}"]).strip()
                         for key in keys)) for name in ("p1", "p2", "p3")}

    def state(self):
        """What the kernel has of laggd, and what it does with the members."""
        laggs = sorted(name for name in self.inside.links() if name.startswith("lagg"))
        return {"laggs": {name: (self.link(name)["mtu"], self.link(name).get("ifalias"),
                                 sorted(self.addresses(name))) for name in laggs},
                "members": self.members(),
                "files": sorted(path.name for path in self.laggd.socket.parent.iterdir()
                                if path.suffix in (".aliases", ".mac"))}

    def whole(self, write):
        """The state that a start on an empty host and this file lead to."""
        write()
        self.laggd.start_and_wait()
        state = self.state()
        self.stop()
        self.remove_all()
        self.assertEqual(self.members(), self.untouched)
        return state

    def stop(self):
        if self.laggd.program is not None:
            self.laggd.program.stop()
        self.laggd.program = None

    def remove_all(self):
        self.assertEqual(Answer(self.laggd.argv("--remove-interfaces")).code, 0)

    def kill_at(self, number):
        """Whether it came to that step."""
        self.write_first()
        self.laggd.start_and_wait()
        self.write_second()
        self.at.write_text(str(number))
        killed = self.laggd.ctl("reload").code != 0
        if killed:
            wait_for("the end of laggd", lambda: not self.laggd.program.alive, 5)
            self.laggd.kill()
        else:
            self.stop()
        self.at.unlink()
        return killed

    def test_every_step_ends_in_one_of_the_two(self):
        self.laggd.socket.parent.mkdir(exist_ok=True)
        expected = {self.write_first: self.whole(self.write_first),
                    self.write_second: self.whole(self.write_second)}
        self.assertNotEqual(*expected.values())
        steps = 0
        for number in [1, 2, 3, *range(4, MOST_STEPS, STRIDE)]:
            # The two take turns: the operator has put the old file back, or has not.
            write = self.write_second if steps % 2 else self.write_first
            with self.subTest(step=number, then=write.__name__):
                try:
                    if not self.kill_at(number):
                        break
                    steps += 1
                    write()
                    self.laggd.start_and_wait()
                    self.assertEqual(self.state(), expected[write])
                    # It keeps the address that it had last, as long as one of its ports has it.
                    self.assertIn(self.link()["address"],
                                  [port["mac"].lower() for port in self.laggd.lagg()["ports"]])
                finally:
                    self.stop()
                    self.remove_all()
        print(f"killed at {steps} steps, the last one {number}", file=sys.stderr)
        self.assertGreater(steps, 10)


if __name__ == "__main__":
    if not pathlib.Path(KILL_AT).exists():
        raise unittest.SkipTest("libkill_at.so is not built")
    main()
