"""The short scenario: one lagg for each driver, LACP opposite Linux bonding, all in one daemon."""

from .cabling import DRIVERS, cables_of
from .guest import Side
from .steps import Steps

DOWN_AT_START = 1  # the port of each lagg whose cable is plugged in only later


def smoke(guest, report, name, drivers=tuple(DRIVERS)):
    """LACP, pings, TCP both ways, links that go and come, the driver's view, SIGTERM."""
    steps = Steps(guest, report, name)
    sides = [Side(guest, index, cables_of(driver)) for index, driver in enumerate(drivers)]
    guest.begin(name, sides)
    for side in sides:
        guest.pull(side.cables[DOWN_AT_START].nic)
    steps.start()
    for side in sides:
        steps.wait_carrying(side, [side.cables[0].nic])
    for side in sides:
        _down_at_start(steps, side)
    for side in sides:
        steps.wait_carrying(side, side.ports)
    for side in sides:
        steps.wait_agreed(side)
        steps.pings(side)
        steps.tcp_both_ways(side)
    for side in sides:
        _pull_and_plug(steps, side)
    steps.stop()


def _down_at_start(steps, side):
    cable = side.cables[DOWN_AT_START]
    port = steps.laggd.port(cable.nic)
    steps.book(f"{cable.nic} ({cable.driver}): pulled before the start",
               "link up" if port["link_up"] else "link down", "link down", not port["link_up"])
    steps.link_noticed(side, cable, True)


def _pull_and_plug(steps, side):
    """Each cable in turn, with traffic on the other one. The partner's end keeps its carrier."""
    for cable in side.cables:
        rest = [other.nic for other in side.cables if other is not cable]
        if steps.link_noticed(side, cable, False):
            steps.wait_carrying(side, rest, 1)
        else:
            steps.report.show("laggd still sends on a port without a link")
        steps.link_noticed(side, cable, True)
    steps.wait_carrying(side, side.ports)
    steps.pings(side)
