"""The short scenario: one lagg for each driver, LACP opposite Linux bonding, all in one daemon; and
the same with one lagg of several drivers."""

from ..command import wait_for
from .cabling import DRIVERS, cables_of
from .guest import Side
from .patience import PATIENCE
from .steps import Steps

PING_LIMIT = 5  # seconds
MIXED = ["e1000e", "vmxnet3", "virtio"]


def smoke(guest, report, name, drivers=tuple(DRIVERS)):
    """LACP, pings, TCP both ways, links that go and come, the driver's view, SIGTERM."""
    _play(guest, report, name,
          [Side(guest, index, cables_of(driver)) for index, driver in enumerate(drivers)],
          list(drivers))


def mixed(guest, report, name):
    """The same with three drivers in one lagg."""
    cables = [cables_of(driver)[0] for driver in MIXED]
    _play(guest, report, name, [Side(guest, 0, cables)], ["mixed"])


def _play(guest, report, name, sides, drivers):
    """`drivers`: what the table calls each of the sides."""
    steps = Steps(guest, report, name)
    guest.begin(name, sides)
    for side in sides:
        guest.pull(side.cables[-1].nic)
    steps.start()
    running = [(side, driver) for side, driver in zip(sides, drivers)
               if _comes_up(steps, side, driver)]
    for side, driver in running:
        with steps.about(driver, "LACP"):
            steps.wait_agreed(side)
        with steps.about(driver, "traffic"):
            steps.pings(side)
            steps.tcp_both_ways(side)
    for side, driver in running:
        for cable in side.cables:
            steps.pull_and_plug(side, cable)
        with steps.about(driver, "LACP"):
            steps.wait_carrying(side, side.ports)
        with steps.about(driver, "traffic"):
            steps.wait_ping(side, PING_LIMIT)
    with steps.about("all", "SIGTERM"):
        steps.stop()


def _comes_up(steps, side, driver):
    """With its last cable plugged in later than the others."""
    late = side.cables[-1]
    with steps.about(driver, "LACP"):
        if not steps.wait_carrying(side, side.ports[:-1]):
            return False
    with steps.about(late.driver, "link down at start"):
        port = wait_for("laggd's answer", lambda: steps.laggd.port(late.nic), PATIENCE)
        steps.book(f"{late.nic} ({late.driver}): pulled before the start",
                   "link up" if port["link_up"] else "link down", "link down",
                   not port["link_up"])
        steps.link_noticed(side, late, True)
    with steps.about(driver, "LACP"):
        return steps.wait_carrying(side, side.ports)
