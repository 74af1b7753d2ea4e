"""Open files: the limit is raised to what the configuration needs, clients cannot take what ports
need, and whoever is short of them reads so."""

import json
import os
import socket
from pathlib import Path

from daemon_lab import Daemon, DaemonTest
from smoke import main, wait_for

from lab.command import run
from lab.laggd import UnixConnection

STATIC = {"protocol": "failover"}
REFUSED = "open files, and the limit is"
PATIENCE = 12  # seconds, for what is tried again every 5


class LimitedDaemon(Daemon):
    limit = "64:4096"  # soft and hard

    def argv(self, *more):
        argv = super().argv(*more)
        at = argv.index(str(self.programs.laggd))
        return [*argv[:at], "prlimit", f"--nofile={self.limit}", *argv[at:]]

    @property
    def pid(self):
        """laggd's: `ip netns exec`, env and prlimit become it."""
        return self.program.pid

    def limits(self, limit):
        run(["prlimit", f"--pid={self.pid}", f"--nofile={limit}"])

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def soft_limit(self):
        line = next(line for line in Path(f"/proc/{self.pid}/limits").read_text().splitlines()
                    if line.startswith("Max open files"))
        return int(line.split()[3])


class Descriptors(DaemonTest):
    def setUp(self):
        super().setUp()
        self.laggd = self.lab.laggd = LimitedDaemon(self.lab.lagg_side,
                                                    self.lab.directory / "limited")
        self.laggd.write(["p1", "p2"], STATIC)

    def make(self, name):
        self.inside.run(["ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}x"])
        self.inside.run(["ip", "link", "set", f"{name}x", "up"])

    def problem(self, name):
        return self.laggd.port(name)["problem"]

    def test_the_limit_is_raised_to_what_is_needed(self):
        self.laggd.start_and_wait()
        self.assertEqual([self.problem(name) for name in ("p1", "p2")], ["", ""])
        self.assertGreater(self.laggd.soft_limit(), self.laggd.open_files() + 64)

    def test_a_limit_that_cannot_be_raised_is_told(self):
        self.laggd.limit = "64:64"
        self.laggd.start()
        wait_for("laggd's end", lambda: not self.laggd.program.alive, 10)
        self.laggd.program = None
        self.assertIn(REFUSED + " 64; raise LimitNOFILE=", self.laggd.said(30))

    def test_a_reload_that_needs_too_many_changes_nothing(self):
        self.laggd.limit = "300:300"
        self.laggd.start_and_wait()
        self.laggd.write([{"name": f"p{n}", "device": f"net_af_packet,iface=p{n},qpairs=64"}
                          for n in (1, 2)], STATIC)
        answer = self.laggd.ctl("reload")
        self.assertNotEqual(answer.code, 0)
        self.assertIn(REFUSED + " 300", answer.err)
        self.assertEqual(self.problem("p1"), "")

    def test_a_port_that_finds_none_says_so_and_comes_back(self):
        self.make("p3")
        self.laggd.write(["p1", "p3"], STATIC)
        self.laggd.start_and_wait()
        before = self.laggd.soft_limit()
        self.inside.run(["ip", "link", "del", "p3"])
        wait_for("p3 lost", lambda: self.problem("p3"), 5)
        self.make("p3")
        kept = UnixConnection(self.laggd.socket, 5)  # there will be none for another
        self.addCleanup(kept.close)
        self.asked_again(kept)
        # As few as there are: whatever opens one finds none.
        self.laggd.limits(f"{self.lowest_free()}:4096")
        wait_for("the reason",
                 lambda: "too many open files: the limit is" in self.asked_again(kept), PATIENCE,
                 every=0.5)
        self.laggd.limits(f"{before}:4096")
        wait_for("p3 open", lambda: self.asked_again(kept) == "", PATIENCE, every=0.5)

    def lowest_free(self):
        taken = {int(name) for name in os.listdir(f"/proc/{self.laggd.pid}/fd")}
        return next(number for number in range(4096) if number not in taken)

    @staticmethod
    def asked_again(connection):
        """The problem of p3."""
        connection.request("GET", "/v1/laggs/lagg0")
        ports = json.loads(connection.getresponse().read())["ports"]
        return next(port["problem"] for port in ports if port["name"] == "p3")

    def test_clients_take_none_of_what_ports_need(self):
        self.make("p3")
        self.laggd.write(["p1", "p3"], STATIC)
        self.laggd.start_and_wait()
        before = self.laggd.open_files()
        clients = []
        self.addCleanup(lambda: [client.close() for client in clients])
        for _ in range(500):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            try:
                client.connect(str(self.laggd.socket))
            except BlockingIOError:
                client.close()  # the queue is full
                break
            clients.append(client)
        self.assertGreater(len(clients), 100)
        self.assertLess(self.laggd.open_files(), before + 100)
        self.inside.run(["ip", "link", "del", "p3"])
        wait_for("p3 lost", lambda: "p3: closed" in self.laggd.said(1000), 5)
        self.make("p3")
        wait_for("p3 open again",
                 lambda: self.laggd.said(1000).count("port p3: net_af_packet open") == 2, PATIENCE)
        for client in clients:
            client.close()
        clients.clear()
        wait_for("an answer", lambda: self.laggd.lagg() and self.problem("p3") == "", 5)


if __name__ == "__main__":
    main()
