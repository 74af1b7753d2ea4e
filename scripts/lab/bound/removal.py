"""A NIC that is taken out, in order or without a word, while its lagg carries traffic."""

import time
from contextlib import contextmanager

from ..command import wait_for
from ..report import ms
from ..traffic import PingStream
from .cabling import cables_of
from .guest import UNPLUG_LIMIT, Side
from .lacpdus import Lacpdus
from .patience import PATIENCE
from .steps import Steps

EVERY_SECOND = 1.5     # a LACPDU of the fast rate, and what emulation adds
TIMEOUT_LIMIT = 6      # three LACPDUs that do not come, and what emulation adds
BACK_LIMIT = 40        # a port that failed is tried every 5 s, and LACP takes its time
WATCHED = 6            # seconds after the NIC is gone
PING_INTERVAL = 0.05
OUTAGE_LIMIT = 4       # until LACP has noticed what nobody said


def removal(guest, report, name, driver):
    """A NIC unplugged under traffic and plugged in again; a NIC that dies without a word."""
    steps = Steps(guest, report, name)
    side = Side(guest, 0, cables_of(driver))
    guest.begin(name, [side])
    steps.start()
    with steps.about(driver, "unplugged and plugged in"):
        if not steps.wait_carrying(side, side.ports):
            return
        if _unplugged(steps, side):
            _plugged_in(steps, side)
    with steps.about(driver, "dead device"):
        if steps.wait_carrying(side, side.ports):
            _dies(steps, side)
        steps.stop()


def _unplugged(steps, side):
    """True when laggd let go of it."""
    lost, _ = side.cables
    with _others_go_on(steps, side, "unplugged"):
        steps.guest.unplug(lost)
        let_go = steps.wait(f"{lost.nic} is let go", lambda: steps.guest.gone(lost), UNPLUG_LIMIT)
        steps.until(time.monotonic() + WATCHED)
    steps.wait_carrying(side, side.ports[1:])
    return let_go


def _plugged_in(steps, side):
    """It comes back by itself as soon as it is bound."""
    steps.guest.plug_in(side.cables[0])
    steps.wait_carrying(side, side.ports, BACK_LIMIT)
    steps.pings(side)


def _dies(steps, side):
    with _others_go_on(steps, side, "dead"):
        steps.guest.kill_device(side.cables[0])
        steps.wait_carrying(side, side.ports[1:], TIMEOUT_LIMIT)
        steps.until(time.monotonic() + WATCHED)
    steps.pings(side)


@contextmanager
def _others_go_on(steps, side, word):
    """Books that the other port's LACPDUs kept their second, and how long pings were not answered.
    `word` tells the files of one time from those of another."""
    guest, kept = steps.guest, side.cables[1]
    lacpdus = Lacpdus(guest.partner_side, guest.interfaces[kept.number])
    pings = PingStream(guest.lagg_side, side.ours, side.theirs,
                       steps.laggd.directory / f"ping-{word}.out", PING_INTERVAL)
    wait_for("a first answer", lambda: "icmp_seq=" in pings.program.said(), PATIENCE)
    begun = time.time()
    try:
        yield
    finally:
        ended = time.time()
        result = pings.stop()
        lacpdus.stop()
    gap, outage = lacpdus.longest_gap(begun, ended), result.outage(begun, ended)
    steps.book(f"{kept.nic} sends a LACPDU every second", f"longest gap {gap:.2f} s",
               f"<= {EVERY_SECOND} s", gap <= EVERY_SECOND, seconds=round(gap, 3))
    steps.book("outage of pings", ms(outage), f"<= {OUTAGE_LIMIT} s", outage <= OUTAGE_LIMIT,
               seconds=round(outage, 3))
