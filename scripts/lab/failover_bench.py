"""Failover, measured: numbered frames at a steady rate in both directions while a cable is pulled,
a port is drained or removed, or the daemon restarts.

Rows are named failover/WHO/DEVICES/PROTOCOL/members:N/EVENT/DIRECTION; "down" are frames sent by
way of the lagg, "up" those that come to it. A sample is one pull: {"name", "pull", "dead_ms",
"moved_ms", "lost", ...}; what it means is told in bench/failover/record.hh.
"""

import json
import os
import random
import re
import signal
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from . import vm
from .bench_machine import HugePages, follow
from .bound.cabling import DRIVERS
from .bound.machine import BoundMachine
from .bound.pulls import SAMPLES
from .command import LabError, run, wait_for
from .failover_stand import DIRECTIONS, Stand, pull_once
from .guest_kernel import guest_kernel
from .laggd import UnixConnection

OURS = "laggd"
RING_BENCH, CABLE_BENCH = "bench/failover/ring_failover", "bench/failover/cable_failover"
RING_MIB = 288
QUIET_SECONDS = 1.2
# Interfaces that are made and deleted a second beside the ports.
OTHERS = 20
# Pulls of a row, and seconds after which it ends with fewer.
PULLS, QUICK_PULLS = 1000, 200
SECONDS, QUICK_SECONDS = 80.0, 6.0


class Churn:
    """Interfaces that have nothing to do with it, made and deleted in the namespace of the
    ports."""

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


def repeat(options, once, samples=None):
    """Samples of as many turns as time and --quick allow, at least two. Goes on behind those of
    `samples`, and ends after a port that was stuck."""
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
        with Stand(options, driver, protocol, members, plain=plain,
                   **lacp) as stand, ExitStack() as stack:
            if churn:
                stack.callback(Churn(stand.near).end)
            repeat(options, lambda turn: pull_once(stand, name, turn, chance, two), samples)
    return samples


# --- other events ---------------------------------------------------------------------------------


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
    """One turn of an event that is begun by `act` and taken back by `undo`, which wait themselves
    for the port to be out of use, or in use again."""
    stand.begin()
    waited = stand.waited()
    at = time.monotonic_ns()
    act()
    stand.wait_flowing(time.monotonic_ns())
    waited_ms = waited.milliseconds()
    time.sleep(settle)
    samples = stand.outcome(name, turn, at, number, 0, waited_ms)
    undo()
    return samples


def bench_drain(options, name):
    """Samples for LACP, whose flows are held while they move."""
    with Stand(options, "net_af_packet", "lacp", 2, lacp={"rate": "fast"}) as stand:
        daemon = stand.daemons[0]

        def drain(on):
            post(daemon, "/v1/laggs/lagg0/ports/p1/drain", json.dumps({"on": on}))
            wait_for("p1 drained" if on else "p1 in use",
                     lambda: ("p1" in daemon.distributing()) != on, 10, every=0.005)

        def undo():
            drain(False)
            stand.wait_in_use()

        def once(turn):
            # An operator's drain does not come on the heels of a negotiation, when LACPDUs are
            # short for a second.
            time.sleep(QUIET_SECONDS)
            return eventful(stand, name, turn, lambda: drain(True), undo, None)

        return repeat(options, once)


def bench_reload(options, name, reloaded, number):
    """`reloaded(stand, other)` writes the one file or the other; `number` is the port that it
    takes away."""
    with Stand(options, "net_af_packet", "loadbalance", 2) as stand:
        daemon = stand.daemons[0]

        def load(other):
            reloaded(stand, other)
            post(daemon, "/v1/reload")

        def undo():
            load(False)
            stand.wait_in_use()
            stand.traffic.ask("use", "0,1")

        return repeat(options, lambda turn: eventful(stand, name, turn,
                                                     lambda: load(True), undo, number))


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
    with Stand(options, "net_af_packet", "lacp", 2, through_bridge=True,
               lacp={"rate": "fast"}) as stand:
        cable = stand.network.cables[0]

        def act():
            cable.break_silently()
            wait_for("the broken port out of use",
                     lambda: all(daemon.distributing() == daemon.interfaces[1:]
                                 for daemon in stand.daemons), 10)

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


# --- all of it ------------------------------------------------------------------------------------


def bench_rings(options, huge):
    pulls = options.pulls
    printed = run([str(options.ring_failover), str(pulls), str(pulls // 5),
                   "hugepages" if huge else "no-huge"],
                  timeout=120 + 2 * pulls)
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def bench_bound(options, drivers):
    """Pulls of NICs that are bound to vfio-pci, in one guest; see bound/pulls.py."""
    if absent := vm.missing():
        raise LabError(f"not installed: {' '.join(absent)}")
    with tempfile.TemporaryDirectory(prefix="lagg-failover-vm-") as directory:
        machine = BoundMachine(Path(directory), guest_kernel())
        try:
            machine.start()
            names = [f"pulls-{driver}" for driver in drivers]
            said = []
            machine.play(names, options.programs, options.cable_failover, options.pulls,
                         options.row_seconds, said.append)
        finally:
            machine.stop()
        files = [machine.share / name / SAMPLES for name in names]
        if not all(file.exists() for file in files):
            raise LabError("\n".join(["a scenario did not end: " +
                                      next((line for line in said if "FAILED" in line), ""),
                                      *said]))
        return [sample for file in files for sample in json.loads(file.read_text())]


def parts(options):
    """What there is to be measured: {name without the direction: a function of huge pages being
    there}."""
    table = {f"failover/{OURS}/net_ring": lambda huge: bench_rings(options, huge)}

    def pulls(kind, driver, protocol, members, event="pull", **how):
        name = f"failover/{OURS}/{kind}/{protocol}/members:{members}/{event}"
        table[name] = lambda huge: bench_pulls(options, name, driver, protocol, members, **how)

    for kind, plain in (("af_packet", False), ("af_packet-plain", True)):
        for protocol, members in (("failover", 2), ("loadbalance", 2), ("loadbalance", 4),
                                  ("lacp", 2)):
            pulls(kind, "net_af_packet", protocol, members, plain=plain)
        pulls(kind, "net_af_packet", "loadbalance", 4, "pull-two", plain=plain, two=True)
    pulls("af_packet-plain", "net_af_packet", "loadbalance", 4, "pull-churn", plain=True,
          churn=True)
    for protocol, members in (("failover", 2), ("loadbalance", 4)):
        pulls("af_xdp", "net_af_xdp", protocol, members)
    for event, protocol, bench in (
            ("drain", "lacp", bench_drain), ("silent", "lacp", bench_silent),
            ("restart", "loadbalance", bench_restart),
            ("protocol", "loadbalance",
             lambda options, name: bench_reload(options, name, other_protocol, None)),
            ("removal", "loadbalance",
             lambda options, name: bench_reload(options, name, fewer_ports, 0))):
        name = f"failover/{OURS}/af_packet/{protocol}/members:2/{event}"
        table[name] = lambda huge, name=name, bench=bench: bench(options, name)
    guests = {f"failover/{OURS}/vm-{driver}": driver for driver in DRIVERS}
    drivers = [driver for name, driver in guests.items() if re.search(options.filter or "", name)]
    table[" ".join(guests)] = lambda huge: bench_bound(options, drivers)
    return table


def failover_samples(options, say):
    """As engine_bench.engine_samples(): (samples, notes, whether all parts succeeded)."""
    samples, notes, whole = [], [], True
    if os.geteuid() != 0:
        return [], ["failover was not measured: network namespaces need root"], False
    options.pulls, options.row_seconds = (QUICK_PULLS,
                                          QUICK_SECONDS) if options.quick else (PULLS, SECONDS)
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
