"""Steps that several scenarios take, each booked in the report with what was asked for."""

import re
import signal
import time
from contextlib import contextmanager

from ..command import LabError, wait_for
from ..report import count, ms
from ..traffic import answers, tcp_both_ways
from .patience import PATIENCE

UP_LIMIT = 20          # seconds; Linux bonding lets no link carry traffic in a bond's first seven
AGREE_LIMIT = 5
LINK_LIMIT = 0.1       # for laggd to notice a link
LINK_WAIT = 6          # how long it is waited for at all
LEFT_OUT = 1           # a cable stays out for so long at least, as it does in anybody's hands
STOP_LIMIT = 5
# QEMU's e1000 and e1000e take half a second to negotiate before they say that a link is up.
NEGOTIATION = {"e1000": 0.5, "e1000e": 0.5}
FLOWS = 4
LEAST_MBPS = 1         # a path that is blocked for most of the time has less; no figure of speed
ICMP_HEADERS = 28


class Booked(LabError):
    """An error that is in the report."""


class Steps:
    """The steps of one scenario. `part` is what the report calls it. Each requirement is booked for
    a driver and a feature, which make the table of drivers."""

    def __init__(self, guest, report, part):
        self.guest = guest
        self.report = report
        self.part = part
        self.driver = self.feature = None

    @contextmanager
    def about(self, driver, feature):
        """What is booked inside is about that, and so is an error that ends it."""
        before = self.driver, self.feature
        self.driver, self.feature = driver, feature
        try:
            yield
        except LabError as error:
            if not isinstance(error, Booked):
                self._not_met("no error", error, "")
                raise Booked(str(error)) from error
            raise
        finally:
            self.driver, self.feature = before

    @property
    def laggd(self):
        return self.guest.laggd

    @contextmanager
    def attempt(self, what, target):
        """What fails inside with a LabError is a requirement that is not met; the scenario goes
        on."""
        try:
            yield
        except LabError as error:
            self._not_met(what, error, target)

    def book(self, what, measured, target, ok, **figures):
        self.report.check(self.part, what, measured, target, ok, driver=self.driver,
                          feature=self.feature, **figures)

    def wait(self, what, condition, limit, target=None, every=0.05):
        """Books after how long something came true; False when it did not within the limit."""
        begun = time.monotonic()
        target = target or f"<= {limit:g} s"
        try:
            wait_for(what, condition, limit, every)
        except LabError as error:
            self._not_met(what, error, target)
            return False
        took = time.monotonic() - begun
        self.book(what, f"{took:.2f} s", target, True, seconds=round(took, 3))
        return True

    def _not_met(self, what, error, target):
        first, *rest = str(error).splitlines()
        self.book(what, first.removeprefix(f"{what}: "), target, False)
        self.report.show("\n".join(rest))

    @staticmethod
    def until(end):
        """Something has to last that long, by time.monotonic()."""
        wait_for("the end of a time", lambda: time.monotonic() >= end,
                 end - time.monotonic() + 1)

    # --- life -------------------------------------------------------------------------------------

    def start(self):
        begun = time.monotonic()
        self.laggd.start_and_wait()
        self.report.say(f"laggd runs after {time.monotonic() - begun:.1f} s")

    def reload(self):
        """laggctl reload, of a configuration that was written before."""
        with self.attempt("laggctl reload", "exit code 0"):
            self.laggd.show("reload")

    def stop(self):
        """SIGTERM."""
        self.guest.keep_what_is_said()
        begun = time.monotonic()
        code = self.laggd.program.stop(signal.SIGTERM, timeout=3 * STOP_LIMIT)
        took = time.monotonic() - begun
        self.laggd.program = None
        self.book("SIGTERM ends laggd", f"exit code {code} after {took:.2f} s",
                  f"0, <= {STOP_LIMIT} s", code == 0 and took <= STOP_LIMIT,
                  seconds=round(took, 3))

    # --- what both sides say ----------------------------------------------------------------------

    def wait_carrying(self, side, nics, limit=UP_LIMIT):
        """laggd sends on exactly those ports of a lagg."""
        words = " and ".join(nics) or "no port"
        return self.wait(f"{side.name} sends on {words}",
                         lambda: sorted(self.laggd.carrying(side)) == sorted(nics), limit)

    def wait_agreed(self, side):
        """/proc/net/bonding and laggctl -j say the same of both ends of every link: waits until the
        last LACPDU with the news came, and books what differs when it does not."""
        different = ["laggd says nothing"]

        def agreed():
            different[:] = self._differences(side)
            return not different

        self.wait(f"the bonding driver agrees with laggd about {side.name}", agreed, AGREE_LIMIT,
                  every=0.2)
        if different:
            self.report.show("\n".join(different))

    def _differences(self, side):
        told, lagg = side.bond.told(), self.laggd.lagg_named(side.name)
        if lagg is None:
            return ["laggd says nothing"]
        found = []
        if (ports := told["active"].get("Number of ports")) != str(len(side.cables)):
            found.append(f"the driver's aggregator has {ports} ports")
        for cable, port in zip(side.cables, lagg["ports"]):
            member = told["members"][self.guest.interfaces[cable.number]]
            for ours, theirs in (("actor", "partner"), ("partner", "actor")):
                found += _unequal(port["name"], ours, port["lacp"][ours], member[theirs])
        return found

    # --- traffic ----------------------------------------------------------------------------------

    def pings(self, side):
        for target in (side.theirs, side.theirs6):
            got = answers(self.guest.lagg_side, target, 5, PATIENCE)
            self.book(f"pings of {target}", f"{got} of 5", ">= 4 of 5", got >= 4)

    def full_size_pings(self, side):
        """Both ways, none of which may be cut in pieces."""
        mtu = side.mtu
        for namespace, target, way in ((self.guest.lagg_side, side.theirs, "from laggd"),
                                       (self.guest.partner_side, side.ours, "to laggd")):
            text = namespace.run(["ping", "-n", "-c", "5", "-i", "0.05", "-W", "1", "-M", "do",
                                  "-s", str(mtu - ICMP_HEADERS), target], PATIENCE, check=False)
            match = re.search(r"(\d+) received", text)
            got = int(match[1]) if match else 0
            self.book(f"whole pings of {mtu} octets {way}", f"{got} of 5", ">= 4 of 5", got >= 4)

    def tcp_both_ways(self, side, seconds=1, flows=FLOWS):
        """Short, and not to see how fast it is."""
        target = f">= {LEAST_MBPS} Mbit/s, every flow"
        with self.attempt("TCP both ways", target):
            self.guest.serve_tcp()
            for way, got in zip(("from laggd", "to laggd"), tcp_both_ways(
                    self.guest.lagg_side, side.theirs, flows=flows, seconds=seconds,
                    patience=PATIENCE)):
                self.book(f"TCP {way}, {count(flows, 'flow')}",
                          f"{got['mbps']:.0f} Mbit/s, {got['flows']} of {flows} flows", target,
                          got["mbps"] >= LEAST_MBPS and got["flows"] == flows,
                          mbps=round(got["mbps"], 1))

    def wait_ping(self, side, limit=UP_LIMIT):
        """The first answer."""
        return self.wait(f"a ping of {side.theirs}",
                         lambda: answers(self.guest.lagg_side, side.theirs, 1, PATIENCE) == 1, limit)

    # --- cables -----------------------------------------------------------------------------------

    def pull_and_plug(self, side, cable):
        """Pulls and plugs laggd's end of one cable while the others carry. The partner's end keeps
        its carrier."""
        rest = [other.nic for other in side.cables if other is not cable]
        with self.about(cable.driver, "link down and up"):
            begun = time.monotonic()
            if self.link_noticed(side, cable, False):
                self.wait_carrying(side, rest, 1)
                self.until(begun + LEFT_OUT)
                self.link_noticed(side, cable, True)
            else:
                self.guest.plug(cable.nic)

    def link_noticed(self, side, cable, up):
        """Pulls or plugs laggd's end, and books how long laggd took to notice."""
        limit = LINK_LIMIT + (NEGOTIATION.get(cable.driver, 0) if up else 0)
        target = f"<= {ms(limit)}"
        word = "up" if up else "down"
        what = f"{cable.nic} ({cable.driver}): link {word} noticed"
        offset = self.laggd.log_size()
        asked = (self.guest.plug if up else self.guest.pull)(cable.nic)
        line = f"{side.name}: {cable.nic}: link {word}"
        try:
            seen = wait_for(line, lambda: self.laggd.program.must_live() and
                            self.laggd.logged_at(line, offset), LINK_WAIT)
        except LabError:
            self.laggd.program.must_live()
            self._not_met(what, LabError(f"not within {LINK_WAIT} s"), target)
            return False
        took = seen - asked
        self.book(what, ms(took), target, took <= limit, seconds=round(took, 4))
        return True


def _unequal(port, end, ours, theirs):
    """What two descriptions of one end of a link do not have in common."""
    if theirs is None:
        return [f"{port}: the driver says nothing of our {end}"]
    return [f"{port}: {end}: {key} is {ours[key]} to laggd, {theirs[key]} to the driver"
            for key in ("system", "key", "port", "port_priority", "system_priority")
            if key in theirs and _comparable(ours[key]) != theirs[key]]


def _comparable(value):
    return value.lower() if isinstance(value, str) else value
