"""Numbered frames at a steady rate in both directions past a lagg whose cables are pulled: what is
set up for it, and one pull. failover_bench.py measures with it, in the guest with bound NICs
bound/pulls.py does.

    lagg                          far
    lagg0 = laggd = p1 --------- r1        static: frames are sent and heard at r1 ... rN
                    pN --------- rN        lacp: a second laggd, and frames at its lagg0
"""

import json
import os
import select
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from .bench_machine import follow
from .command import LabError, die_with_parent, last_lines, wait_for
from .laggd import Laggd, config_text
from .network import Network

DIRECTIONS = ("down", "up")
PERIOD_US = 100
# By the number of members: few, that each has a frame soon, and enough that each port has one of
# them whatever buckets it gets after a pull.
FLOWS = {2: 16, 4: 48}
# Seconds that a pulled cable stays out after frames pass again, and limit of every wait.
OUT_SECONDS, LIMIT_SECONDS = 0.03, 4.0
ANSWER_SECONDS = 20
# Least and greatest time between two pulls, in milliseconds.
APART = (5, 300)


class Traffic:
    """The program that sends and hears, and pulls cables."""

    def __init__(self, program, period_us, flows, words, log):
        argv = [str(program), str(period_us), str(flows), *words]
        self.log = log
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=sink, text=True,
                                            start_new_session=True, preexec_fn=die_with_parent)
        follow(self.process.pid)
        self._answer("its start")

    def _answer(self, command):
        # A line for a command, so that none waits in the buffer where select() does not see it.
        if not select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]:
            raise LabError(f"cable_failover does not answer '{command}' within {ANSWER_SECONDS} s")
        line = self.process.stdout.readline()
        if not line:
            raise LabError(f"cable_failover ended at '{command}': {last_lines(self.log, 3)}")
        return json.loads(line)

    def ask(self, *words):
        command = " ".join(str(word) for word in words)
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._answer(command)

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process.stdout.close()


class Waited:
    """How long threads of these processes, that could run, have waited for a core since this was
    made. Threads that ended meanwhile are not known any more."""

    def __init__(self, pids):
        self._pids = pids
        self._before = self._by_thread()

    def _by_thread(self):
        """{thread: nanoseconds}"""
        found = {}
        for pid in self._pids:
            for task in Path(f"/proc/{pid}/task").iterdir():
                try:
                    found[task] = int((task / "schedstat").read_text().split()[1])
                except (OSError, IndexError, ValueError):
                    pass  # the thread ended
        return found

    def milliseconds(self):
        return sum(now - self._before.get(task, 0) for task, now in self._by_thread().items()) / 1e6


class Numbered:
    """The frames past a lagg of so many members, and what the far side does with its cables.
    Whoever has one says how an end is set, in set_end(number, near, up), which answers {"begun",
    "done"}, and whose threads have to run, in pids()."""

    def __init__(self, protocol, members, ends=("far", "near")):
        """`ends`: where cables are pulled, in turns. At the far end the near one loses its
        carrier, if it is a veth."""
        self.protocol, self.members, self.ends = protocol, members, ends
        self.traffic = None

    def start_traffic(self, stack, program, words, log, period_us=PERIOD_US):
        """Until the stack is unwound."""
        self.traffic = Traffic(program, period_us, FLOWS[self.members], words, log)
        stack.callback(self.traffic.end)
        if self.protocol == "failover":
            self.traffic.ask("use", "learned")

    def without(self, *numbers):
        """The far side sends on no cable of these any more; one of another laggd decides itself."""
        if self.protocol == "loadbalance":
            self.traffic.ask("use", ",".join(str(n) for n in range(self.members)
                                             if n not in numbers))

    def begin(self):
        """A new window, in which it is known which port each flow uses; when it begins."""
        at = self.traffic.ask("begin")["at"]
        if self.wait_flowing(at) is None:
            raise LabError(f"frames of some flow do not pass for {LIMIT_SECONDS:g} s though no "
                           "cable is pulled")
        return at

    def wait_flowing(self, since):
        """Until frames of every flow pass that were sent later; how long from then, or None."""
        answer = self.traffic.ask("flowing", since, int(LIMIT_SECONDS * 1000))
        return (answer["at"] - since) / 1e6 if answer["met"] else None

    def wait_back(self, number, since):
        """Whether the port is used again within the limit, as frames show."""
        return self.traffic.ask("came", number, since, int(LIMIT_SECONDS * 1000))["met"]

    def waited(self):
        """Tells for how long what has to run cannot from now on: milliseconds()."""
        return Waited(self.pids())

    def outcome(self, name, turn, at, number, back, waited_ms):
        """Samples of one event: both directions. `number`: the port concerned, None where frames
        are not to be asked."""
        known = number is not None and self.protocol != "lacp"
        both = self.traffic.ask("outcome", at, number if known else "-", back,
                                int(self.protocol == "failover"))
        return [{"name": f"{name}/{direction}", "pull": turn, "off_core_ms": round(waited_ms, 3),
                 **both[direction]}
                for direction in DIRECTIONS]


class Stand(Numbered):
    """laggd over veth, its far side, and the traffic between them; ended when the block ends."""

    def __init__(self, options, driver, protocol, members, plain=False, through_bridge=False,
                 **lagg):
        # Near means that the interface is set down. An AF_XDP socket keeps what it has then, and
        # no cable does that.
        super().__init__(protocol, members, ("far",) if driver == "net_af_xdp" else ("far", "near"))
        self.options, self.driver = options, driver
        self.plain, self.through_bridge, self.lagg = plain, through_bridge, lagg
        self.ports = [f"p{number}" for number in range(1, members + 1)]
        self.far_ports = [f"r{number}" for number in range(1, members + 1)]
        self.daemons = []
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.directory = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="lagg-failover-")))
            self.network = Network(f"failover{os.getpid()}")
            stack.callback(self.network.remove)
            self.near, self.far = self.network.namespace("lagg"), self.network.namespace("far")
            for namespace in (self.near, self.far):
                namespace.silence_new_interfaces()
            for port, far_port in zip(self.ports, self.far_ports):
                if self.through_bridge:
                    self.network.cable((self.near, port), (self.far, far_port))
                else:
                    self.network.veth((self.near, port), (self.far, far_port),
                                      same_number=self.plain)
            self._start_daemon(stack, self.near, "near", self.ports, 0)
            if self.protocol == "lacp":
                self._start_daemon(stack, self.far, "far", self.far_ports, -1)
            self.wait_in_use()
            self.start_traffic(stack, self.options.cable_failover, self._places(),
                               self.directory / "traffic.log")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def _places(self):
        def at(namespace, names):
            return ",".join(f"{namespace.name}:{name}" for name in names)

        ends = f"end={at(self.far, self.far_ports)},{at(self.near, self.ports)}"
        near, far = at(self.near, ["lagg0"]), at(self.far, ["lagg0"]
                                                 if self.protocol == "lacp" else self.far_ports)
        return [f"down.send={near}", f"down.hear={far}", f"up.send={far}", f"up.hear={near}", ends]

    def _start_daemon(self, stack, namespace, name, ports, core):
        daemon = Laggd(namespace, self.directory / name, self.options.programs, ports)
        daemon.core = sorted(os.sched_getaffinity(0))[core]
        self.daemons.append(daemon)
        self.configure(daemon)
        daemon.start()
        stack.callback(daemon.stop)
        follow(daemon.program.pid)

    def configure(self, daemon, ports=None, **lagg):
        """Writes its file, with other ports or keys than it began with."""
        ports = ports or daemon.interfaces
        hashed = {} if (lagg.get("protocol") or self.protocol) == "failover" else {
            "hash": {"policy": "layer3+4", "seed": 1}}
        daemon.config.write_text(config_text(
            {"memory": "none", "workers": [daemon.core], "api": str(daemon.socket),
             "log": "warning"},
            [{"name": port, "device": f"{self.driver},iface={port}"} for port in ports],
            [{"name": "lagg0", "protocol": self.protocol, "ports": ports, **hashed, **self.lagg,
              **lagg}]))

    def wait_in_use(self):
        """Until every port that should carry traffic does, on both sides."""
        for daemon in self.daemons:
            used = daemon.interfaces[:1] if self.protocol == "failover" else daemon.interfaces
            wait_for(f"laggd distributing on {', '.join(used)}",
                     lambda daemon=daemon, used=used:
                     set(used) <= set(daemon.distributing()), 20, every=0.01)

    def pids(self):
        return [*(daemon.program.pid for daemon in self.daemons), self.traffic.process.pid]

    def set_end(self, number, near, up):
        """Sets one end of a cable, {"begun", "done"}."""
        return self.traffic.ask("up" if up else "down", number + (self.members if near else 0))

    def wait_back(self, number, since):
        """With LACP both daemons have to say so."""
        if self.protocol == "lacp":
            self.wait_in_use()
            return True
        return super().wait_back(number, since)


def pull_once(stand, name, turn, chance, two=False):
    """One cable out and in again, at the ends in turns."""
    members = stand.members
    number = 0 if stand.protocol == "failover" else turn % members
    round_of_cables = turn if stand.protocol == "failover" else turn // members
    near = stand.ends[round_of_cables % len(stand.ends)] == "near"
    traffic = stand.traffic
    # Any moment of what the daemon and the kernel do every so often.
    time.sleep(chance.random() * 0.02)
    stand.begin()
    out = []
    if two:
        first = (number + 1) % members
        stand.without(first)
        stand.set_end(first, near, False)
        out.append(first)
        time.sleep(chance.uniform(*APART) / 1e3)
    waited = stand.waited()
    stand.without(number, *out)
    pulled = stand.set_end(number, near, False)
    out.append(number)
    stand.wait_flowing(pulled["done"])
    waited_ms = waited.milliseconds()
    time.sleep(OUT_SECONDS)
    plugged = time.monotonic_ns()
    for one in out:
        stand.set_end(one, near, True)
    stand.without()
    stuck = not all([stand.wait_back(one, plugged) for one in out])
    samples = stand.outcome(name, turn, pulled["begun"], number, plugged, waited_ms)
    return [{**sample, "pull_ms": round((pulled["done"] - pulled["begun"]) / 1e6, 4),
             "end": "near" if near else "far", "stuck": int(stuck)} for sample in samples]
