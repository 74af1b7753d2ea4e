"""One driver in every protocol, with usual and with jumbo frames, with one worker and with two; and
the MTU changed while the daemon runs."""

from .bond import MODES
from .cabling import cables_of
from .guest import Side
from .steps import Booked, Steps

MTUS = [1500, 9000]
WORKERS = {"1 worker": [1], "2 workers": [0, 1]}  # the cores
RELOAD_LIMIT = 20
LAST_WORDS = 20  # lines


def matrix(guest, report, name, driver):
    """Every protocol with MTU 1500 and 9000, with 1 and 2 workers; the MTU changed by reload."""
    steps = Steps(guest, report, name)
    for words, cores in WORKERS.items():
        for mtu in MTUS:
            _protocols(steps, name, driver, mtu, words, cores)
    with steps.about(driver, "MTU by reload"):
        _mtu_by_reload(steps, name, driver)


def _protocols(steps, name, driver, mtu, words, cores):
    """A daemon that goes through all of them by reload."""
    guest = steps.guest
    side = Side(guest, 0, cables_of(driver), mtu=mtu)
    guest.begin(f"{name}-{mtu}-{len(cores)}", [side], workers=cores)
    try:
        for protocol in MODES:
            with steps.about(driver, f"{protocol}, MTU {mtu}, {words}"):
                side.protocol = protocol
                side.make_other_end()
                guest.write(workers=cores)
                if steps.laggd.program is None:
                    steps.start()
                else:
                    steps.reload()
                _pass(steps, side)
        with steps.about(driver, "SIGTERM"):
            steps.stop()
    except Booked:
        steps.report.show(steps.laggd.said(LAST_WORDS))  # and on to the next daemon
    finally:
        guest.end()


def _pass(steps, side):
    """Both ways, whole frames."""
    steps.report.say(f"{side.protocol}, MTU {side.mtu}, {side.queues_of(steps.laggd)}")
    used = side.ports[:1] if side.protocol == "failover" else side.ports
    if side.protocol == "failover":
        side.bond.active(side.bond.interfaces[0])
    if steps.wait_carrying(side, used) and steps.wait_ping(side):
        steps.full_size_pings(side)
        steps.tcp_both_ways(side)


def _mtu_by_reload(steps, name, driver):
    guest = steps.guest
    side = Side(guest, 0, cables_of(driver), mtu=MTUS[0])
    guest.begin(f"{name}-reload", [side])
    steps.start()
    if not steps.wait_carrying(side, side.ports):
        return
    for mtu in [*MTUS, MTUS[0]]:
        if mtu != side.mtu:
            side.mtu = mtu
            guest.write()
            side.bond.set_mtu(mtu)
            steps.reload()
        if steps.wait_carrying(side, side.ports, RELOAD_LIMIT) and steps.wait_ping(side):
            steps.full_size_pings(side)
            steps.tcp_both_ways(side)
    steps.stop()
