"""Failover, measured: numbered frames at a steady rate in both directions while a cable is pulled, a
port is drained or removed, or the daemon restarts.

Rows are named failover/WHO/DEVICES/PROTOCOL/members:N/EVENT/DIRECTION; "down" are frames sent by way of
the lagg, "up" those that come to it. A sample is one pull: {"name", "pull", "dead_ms", "moved_ms",
"lost", ...}; what it means is told in bench/failover/record.hh.

    lagg                          far
    lagg0 = laggd = p1 --------- r1        static: frames are sent and heard at r1 ... rN
                    pN --------- rN        lacp: a second laggd, and frames at its lagg0
"""

import json
import os
import random
import re
import select
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from .bench_machine import HugePages, follow
from .command import LabError, last_lines, run, wait_for
from .laggd import Laggd, UnixConnection, config_text
from .network import Network

OURS = "laggd"
DIRECTIONS = ("down", "up")
RING_BENCH, CABLE_BENCH = "bench/failover/ring_failover", "bench/failover/cable_failover"
PERIOD_US = 100
# By the number of members: few, that each has a frame soon, and enough that each port has one of them whatever buckets
# it gets after a pull.
FLOWS = {2: 16, 4: 48}
RING_MIB = 288
# How long a pulled cable stays out when frames pass again, and how long is waited for anything, in seconds.
OUT_SECONDS, LIMIT_SECONDS = 0.03, 4.0
ANSWER_SECONDS = 20
QUIET_SECONDS = 1.2
# Of two pulls, in milliseconds.
APART = (5, 300)
# Interfaces that are made and deleted a second beside the ports.
OTHERS = 20
# Pulls of a row, and seconds after which it ends with fewer.
PULLS, QUICK_PULLS = 1000, 200
SECONDS, QUICK_SECONDS = 80.0, 6.0


class Traffic:
    """The program that sends and hears, and pulls cables."""

    def __init__(self, program, flows, words, log):
        argv = [str(program), str(PERIOD_US), str(flows), *words]
        self.log = log
        with open(log, "ab") as sink:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True,
                                            start_new_session=True)
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


def off_core_ms(pids):
    """How long threads of those processes, that could run, waited for a core since they began."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[1])
            except (OSError, IndexError, ValueError):
                pass  # the thread ended
    return total / 1e6


class Churn:
    """Interfaces that have nothing to do with it, made and deleted in the namespace of the ports."""

    def __init__(self, namespace):
        self.namespace = namespace
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        number = 0
        while not self._end.wait(1 / OTHERS):
            number += 1
            run(["ip", "-n", self.namespace.name, "-batch", "-"], check=False,
                text_in=f"link add x{number} type veth peer name y{number}\nlink set x{number} up\n"
                        f"link del x{number}\n")

    def end(self):
        self._end.set()
        self._thread.join(10)


class Stand:
    """laggd over veth, its far side, and the traffic between them; ended when the block ends."""

    def __init__(self, options, driver, protocol, members, plain=False, through_bridge=False, **lagg):
        self.options, self.driver, self.protocol, self.members = options, driver, protocol, members
        self.plain, self.through_bridge, self.lagg = plain, through_bridge, lagg
        self.ports = [f"p{number}" for number in range(1, members + 1)]
        self.far_ports = [f"r{number}" for number in range(1, members + 1)]
        self.daemons = []
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lagg-failover-")))
            self.network = Network(f"failover{os.getpid()}")
            stack.callback(self.network.remove)
            self.near, self.far = self.network.namespace("lagg"), self.network.namespace("far")
            for namespace in (self.near, self.far):
                namespace.silence_new_interfaces()
            for port, far_port in zip(self.ports, self.far_ports):
                if self.through_bridge:
                    self.network.cable((self.near, port), (self.far, far_port))
                else:
                    self.network.veth((self.near, port), (self.far, far_port), same_number=self.plain)
            self._start_daemon(stack, self.near, "near", self.ports, 0)
            if self.protocol == "lacp":
                self._start_daemon(stack, self.far, "far", self.far_ports, -1)
            self.wait_in_use()
            self.traffic = Traffic(self.options.cable_failover, FLOWS[self.members], self._places(),
                                   self.directory / "traffic.log")
            stack.callback(self.traffic.end)
            if self.protocol == "failover":
                self.traffic.ask("use", "learned")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def _places(self):
        def at(namespace, names):
            return ",".join(f"{namespace.name}:{name}" for name in names)

        ends = f"end={at(self.far, self.far_ports)},{at(self.near, self.ports)}"
        near, far = at(self.near, ["lagg0"]), at(self.far, ["lagg0"] if self.protocol == "lacp" else self.far_ports)
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
            {"memory": "none", "workers": [daemon.core], "api": str(daemon.socket), "log": "warning"},
            [{"name": port, "device": f"{self.driver},iface={port}"} for port in ports],
            [{"name": "lagg0", "protocol": self.protocol, "ports": ports, **hashed, **self.lagg, **lagg}]))

    def wait_in_use(self):
        """Until every port that should carry traffic does, on both sides."""
        for daemon in self.daemons:
            used = daemon.interfaces[:1] if self.protocol == "failover" else daemon.interfaces
            wait_for(f"laggd distributing on {', '.join(used)}",
                     lambda daemon=daemon, used=used: set(used) <= set(daemon.distributing()), 20, every=0.01)

    def pids(self):
        return [*(daemon.program.pid for daemon in self.daemons), self.traffic.process.pid]

    # --- what the far side does with its cables -----------------------------------------------------

    def without(self, *numbers):
        """The far side sends on no cable of these any more; one of another laggd decides itself."""
        if self.protocol == "loadbalance":
            self.traffic.ask("use", ",".join(str(n) for n in range(self.members) if n not in numbers))

    def set_end(self, number, near, up):
        """Sets one end of a cable, {"begun", "done"}."""
        return self.traffic.ask("up" if up else "down", number + (self.members if near else 0))

    def begin(self):
        """A new window, in which it is known which port each flow uses; when it begins."""
        at = self.traffic.ask("begin")["at"]
        if self.wait_flowing(at) is None:
            raise LabError(f"frames of some flow do not pass for {LIMIT_SECONDS:g} s though no cable is pulled")
        return at

    def wait_flowing(self, since):
        """Until frames of every flow pass that were sent later; how long from then, or None."""
        answer = self.traffic.ask("flowing", since, int(LIMIT_SECONDS * 1000))
        return (answer["at"] - since) / 1e6 if answer["met"] else None

    def wait_back(self, number, since):
        """Whether the port is used again within the limit, as frames show; of LACP both daemons say so."""
        if self.protocol == "lacp":
            self.wait_in_use()
            return True
        return self.traffic.ask("came", number, since, int(LIMIT_SECONDS * 1000))["met"]

    def outcome(self, name, turn, at, number, back, waited):
        """Samples of one event: both directions. `number`: the port concerned, None where frames are
        not to be asked."""
        known = number is not None and self.protocol != "lacp"
        both = self.traffic.ask("outcome", at, number if known else "-", back, int(self.protocol == "failover"))
        return [{"name": f"{name}/{direction}", "pull": turn, "off_core_ms": round(waited, 3), **both[direction]}
                for direction in DIRECTIONS]


def pull_once(stand, name, turn, chance, two=False):
    """One cable out and in again; every other time it is the near end that is set down."""
    members = stand.members
    number = 0 if stand.protocol == "failover" else turn % members
    near = turn // members % 2 == 1 if stand.protocol != "failover" else turn % 2 == 1
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
    before = off_core_ms(stand.pids())
    stand.without(number, *out)
    pulled = stand.set_end(number, near, False)
    out.append(number)
    stand.wait_flowing(pulled["done"])
    waited = off_core_ms(stand.pids()) - before
    time.sleep(OUT_SECONDS)
    plugged = time.monotonic_ns()
    for one in out:
        stand.set_end(one, near, True)
    stand.without()
    stuck = not all([stand.wait_back(one, plugged) for one in out])
    samples = stand.outcome(name, turn, pulled["begun"], number, plugged, waited)
    return [{**sample, "pull_ms": round((pulled["done"] - pulled["begun"]) / 1e6, 4),
             "end": "near" if near else "far", "stuck": int(stuck)} for sample in samples]


def repeat(options, once, samples=None):
    """Samples of as many turns as time and --quick allow, at least two. Goes on behind those of `samples`, and ends
    after a port that was stuck."""
    samples = [] if samples is None else samples
    turn = len(samples) // len(DIRECTIONS)
    while turn < 2 or (turn < options.pulls and time.monotonic() < options.row_ends):
        samples += once(turn)
        turn += 1
        if samples[-1].get("stuck"):
            break
    return samples


def bench_pulls(options, name, driver, protocol, members, plain=False, churn=False, two=False):
    lacp = {"lacp": {"rate": "fast"}} if protocol == "lacp" else {}
    chance, samples = random.Random(7), []
    # A port that does not come back stays out until the daemon starts anew.
    while not samples or (samples[-1]["stuck"] and time.monotonic() < options.row_ends):
        with Stand(options, driver, protocol, members, plain=plain, **lacp) as stand, ExitStack() as stack:
            if churn:
                stack.callback(Churn(stand.near).end)
            repeat(options, lambda turn: pull_once(stand, name, turn, chance, two), samples)
    return samples


# --- other events ---------------------------------------------------------------------------------------


def post(daemon, path, body=""):
    """POST of an API path; LabError with its answer when it refuses."""
    link = UnixConnection(daemon.socket, 5.0)
    try:
        link.request("POST", path, body)
        answer = link.getresponse()
        said = answer.read().decode()
    finally:
        link.close()
    if answer.status != 200:
        raise LabError(f"laggd's API answers {answer.status} to {path}: {said[:300]}")


def eventful(stand, name, turn, act, undo, number, settle=0.3):
    """One turn of an event that is begun by `act` and taken back by `undo`, which wait themselves for
    the port to be out of use, or in use again."""
    stand.begin()
    before = off_core_ms(stand.pids())
    at = time.monotonic_ns()
    act()
    stand.wait_flowing(time.monotonic_ns())
    waited = off_core_ms(stand.pids()) - before
    time.sleep(settle)
    samples = stand.outcome(name, turn, at, number, 0, waited)
    undo()
    return samples


def bench_drain(options, name):
    """Of LACP, whose flows are held while they move."""
    with Stand(options, "net_af_packet", "lacp", 2, lacp={"rate": "fast"}) as stand:
        daemon = stand.daemons[0]

        def drain(on):
            post(daemon, "/v1/laggs/lagg0/ports/p1/drain", json.dumps({"on": on}))
            wait_for("p1 drained" if on else "p1 in use", lambda: ("p1" in daemon.distributing()) != on, 10,
                     every=0.005)

        def undo():
            drain(False)
            stand.wait_in_use()

        def once(turn):
            # An operator's drain does not come on the heels of a negotiation, when LACPDUs are short for a second.
            time.sleep(QUIET_SECONDS)
            return eventful(stand, name, turn, lambda: drain(True), undo, None)

        return repeat(options, once)


def bench_reload(options, name, reloaded, number):
    """`reloaded(stand, other)` writes the one file or the other; `number` is the port that it takes away."""
    with Stand(options, "net_af_packet", "loadbalance", 2) as stand:
        daemon = stand.daemons[0]

        def load(other):
            reloaded(stand, other)
            post(daemon, "/v1/reload")

        def undo():
            load(False)
            stand.wait_in_use()
            stand.traffic.ask("use", "0,1")

        return repeat(options, lambda turn: eventful(stand, name, turn, lambda: load(True), undo, number))


def other_protocol(stand, other):
    # The far side is to send where both protocols receive.
    stand.without(1)
    stand.configure(stand.daemons[0], **({"protocol": "roundrobin"} if other else {}))


def fewer_ports(stand, other):
    if other:
        stand.without(0)
    stand.configure(stand.daemons[0], ["p2"] if other else None)


def bench_silent(options, name):
    """The cable swallows frames and keeps its carrier: LACP at the fast rate has to find out."""
    with Stand(options, "net_af_packet", "lacp", 2, through_bridge=True, lacp={"rate": "fast"}) as stand:
        cable = stand.network.cables[0]

        def act():
            cable.break_silently()
            wait_for("the broken port out of use",
                     lambda: all(daemon.distributing() == daemon.interfaces[1:] for daemon in stand.daemons), 10)

        def undo():
            cable.heal()
            stand.wait_in_use()

        return repeat(options, lambda turn: eventful(stand, name, turn, act, undo, None))


def bench_restart(options, name):
    """The interface stays, and frames are lost until the new daemon carries them."""
    with Stand(options, "net_af_packet", "loadbalance", 2) as stand:
        daemon = stand.daemons[0]

        def restart(turn):
            stand.begin()
            at = time.monotonic_ns()
            daemon.program.stop(signal.SIGTERM)
            daemon.start()
            follow(daemon.program.pid)
            stand.wait_in_use()
            stand.wait_flowing(time.monotonic_ns())
            return stand.outcome(name, turn, at, None, 0, 0.0)

        return repeat(options, restart)


# --- all of it --------------------------------------------------------------------------------------------


def bench_rings(options, huge):
    pulls = options.pulls
    printed = run([str(options.ring_failover), str(pulls), str(pulls // 5), "hugepages" if huge else "no-huge"],
                  timeout=120 + 2 * pulls)
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def parts(options):
    """What there is to be measured: {name without the direction: a function of huge pages being there}."""
    table = {f"failover/{OURS}/net_ring": lambda huge: bench_rings(options, huge)}

    def pulls(kind, driver, protocol, members, event="pull", **how):
        name = f"failover/{OURS}/{kind}/{protocol}/members:{members}/{event}"
        table[name] = lambda huge: bench_pulls(options, name, driver, protocol, members, **how)

    for kind, plain in (("af_packet", False), ("af_packet-plain", True)):
        for protocol, members in (("failover", 2), ("loadbalance", 2), ("loadbalance", 4), ("lacp", 2)):
            pulls(kind, "net_af_packet", protocol, members, plain=plain)
        pulls(kind, "net_af_packet", "loadbalance", 4, "pull-two", plain=plain, two=True)
    pulls("af_packet-plain", "net_af_packet", "loadbalance", 4, "pull-churn", plain=True, churn=True)
    for protocol, members in (("failover", 2), ("loadbalance", 4)):
        pulls("af_xdp", "net_af_xdp", protocol, members)
    for event, protocol, bench in (
            ("drain", "lacp", bench_drain), ("silent", "lacp", bench_silent), ("restart", "loadbalance", bench_restart),
            ("protocol", "loadbalance", lambda options, name: bench_reload(options, name, other_protocol, None)),
            ("removal", "loadbalance", lambda options, name: bench_reload(options, name, fewer_ports, 0))):
        name = f"failover/{OURS}/af_packet/{protocol}/members:2/{event}"
        table[name] = lambda huge, name=name, bench=bench: bench(options, name)
    return table


def failover_samples(options, say):
    """As engine_bench.engine_samples(): (samples, notes, whether all parts succeeded)."""
    samples, notes, whole = [], [], True
    if os.geteuid() != 0:
        return [], ["failover was not measured: network namespaces need root"], False
    options.pulls, options.row_seconds = (QUICK_PULLS, QUICK_SECONDS) if options.quick else (PULLS, SECONDS)
    with HugePages(RING_MIB // 2) as memory:
        for name, bench in parts(options).items():
            if options.filter and not re.search(options.filter, name):
                continue
            say(name)
            options.row_ends = time.monotonic() + options.row_seconds
            try:
                samples += bench(memory.there)
            except (LabError, OSError) as error:
                whole = False
                say(f"{name} could not be measured: {error}")
                notes.append(f"{name} could not be measured: {str(error).splitlines()[0]}")
    return samples, notes, whole
