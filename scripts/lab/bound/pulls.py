"""Cables pulled under numbered frames: how soon traffic is on another port, and that nothing which stood in a NIC
leaves it when the cable is back."""

import json
import random
import time
from contextlib import ExitStack

from .. import failover_results
from ..failover_stand import Numbered, Waited, pull_once
from .cabling import cables_of
from .guest import Side
from .stalls import Stalls
from .steps import Steps

PROTOCOLS = ("failover", "loadbalance")
# Where numbered frames go; see bench/engine/frames.cc.
MAC = "02:00:00:00:00:01"
PERIOD_US = 1000  # in each direction; the guest's cores are slow
SAMPLES = "samples.json"
# Unless somebody asks for more or fewer.
PULLS, SECONDS = 60, 60.0


class _WaitedAndStood(Waited):
    """And stalls of the guest."""

    def __init__(self, pids, stalls):
        super().__init__(pids)
        self._stalls, self._stood = stalls, stalls.total()

    def milliseconds(self):
        return super().milliseconds() + (self._stalls.total() - self._stood) * 1000


class GuestStand(Numbered):
    """The frames past one side of the guest. A cable is pulled at laggd's end."""

    def __init__(self, guest, side):
        super().__init__(side.protocol, len(side.cables), ("near",))
        self.guest, self.side = guest, side
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self._stalls = stack.enter_context(Stalls())
            self.start_traffic(stack, self.guest.cable_failover, self._places(),
                               self.guest.laggd.directory / "traffic.log", PERIOD_US)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def _places(self):
        near = f"{self.guest.lagg_side.name}:{self.side.name}"
        far = ",".join(f"{self.guest.partner_side.name}:{name}" for name in self.side.far_interfaces)
        return [f"down.send={near}", f"down.hear={far}", f"up.send={far}", f"up.hear={near}", f"end={far}"]

    def set_end(self, number, near, up):
        begun = time.monotonic_ns()
        (self.guest.plug if up else self.guest.pull)(self.side.cables[number].nic)
        return {"begun": begun, "done": time.monotonic_ns()}

    def pids(self):
        return [self.guest.laggd.program.pid, self.traffic.process.pid]

    def waited(self):
        return _WaitedAndStood(self.pids(), self._stalls)


def pulls(guest, report, name, driver):
    """Cables pulled while numbered frames pass: traffic moves, and nothing old leaves after the plug."""
    samples = []
    for protocol in PROTOCOLS:
        side = Side(guest, 0, cables_of(driver), protocol, bonded=False, mac=MAC)
        steps = Steps(guest, report, name)
        with steps.about(driver, "numbered frames"):
            guest.begin(name, [side])
            steps.start()
            steps.wait_carrying(side, side.ports[:1] if protocol == "failover" else side.ports)
            samples += _row(guest, side, f"failover/laggd/vm-{driver}/{protocol}/members:{len(side.cables)}/pull")
            guest.end()
    (guest.directory / name / SAMPLES).write_text(json.dumps(samples))
    for verdict in failover_results.verdicts(samples):
        what, target = failover_results.in_words(verdict)
        with steps.about(driver, "numbered frames"):
            steps.book(verdict["name"], what, target, verdict["met"])


def _row(guest, side, name):
    chance, samples, turn = random.Random(7), [], 0
    with GuestStand(guest, side) as stand:
        ends = time.monotonic() + guest.seconds
        while turn < 2 or (turn < guest.pulls and time.monotonic() < ends):
            samples += pull_once(stand, name, turn, chance)
            turn += 1
    return samples
