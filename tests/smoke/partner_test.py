"""What is asked of laggd opposite every LACP partner, whoever wrote it.

A class of tests has one laboratory and one partner, which is what takes long to build; each test
has a laggd of its own. Times are taken on the cables, with the kernel's time stamps.
"""

import atexit
import os
import sys
import time
import unittest

from partners import told_by_laggd
from smoke import (ALIASES, HOST4, HOST6, LAGG4, LAGG6, SILENT_LIMIT, Laboratory, programs, traffic,
                   wait_for)
from wire import SYNCHRONIZATION, Wiretap

from lab.command import LabError, watch
from lab.laggd import Laggd
from lab.network import carried_between
from lab.traffic import PingStreams

# Seconds from the first LACPDU to Sync; the standard waits for 2 s of them.
SHARE_LIMIT = 2.2
WAIT_WHILE = 2.0
CARRIER_LIMIT = 2
# Between two LACPDUs of ours to a partner that asked for no more, or that never spoke.
SLOW_PERIODIC = 30
PULLED = 0.5


class PartnerTest(unittest.TestCase):
    """PARTNER is the class of the partner, CABLES the largest number of links."""

    PARTNER = None
    CABLES = 2

    @classmethod
    def setUpClass(cls):
        cls.lab = Laboratory()
        cls.addClassCleanup(cls.lab.remove)
        atexit.register(cls.lab.remove)  # Ctrl-C passes over the cleanups
        cls.partner = cls.PARTNER(cls.lab, cls.CABLES)
        cls.addClassCleanup(cls.partner.stop)

    def setUp(self):
        self.ports = []
        self.laggd = Laggd(self.lab.lagg_side, self.lab.directory / "laggd", programs, [])
        self.addCleanup(self.partner.heal)

    def tearDown(self):
        if self.laggd.program is None:
            return
        result = self._outcome.result
        troubled = any(test is self for test, _ in result.failures + result.errors)
        if troubled:
            print(f"laggd's last words:\n{self.laggd.said(40)}", file=sys.stderr)
        code = self.laggd.stop()
        if not troubled:
            self.assertEqual(code, 0, "laggd did not stop cleanly on SIGTERM")

    # --- steps ------------------------------------------------------------------------------------

    def start(self, links, mode="active", rate="fast", **lacp):
        """laggd over the first `links` cables; returns when it has opened them."""
        self.ports = [f"p{number}" for number in range(1, links + 1)]
        self.laggd.interfaces = self.ports
        self.laggd.write_config(log="debug", protocol="lacp", aliases=ALIASES, hash="layer3+4",
                                lacp={"mode": mode, "rate": rate, **lacp})
        self.laggd.start()
        wait_for("laggd's ports open", lambda: all(
            port["state"] == "running" for port in (self.laggd.lagg() or {"ports": [{"state": ""}]})
            ["ports"]), 20)

    def both_on(self, numbers):
        """For watch(): laggd and the partner use exactly those links."""
        names = [self.ports[number] for number in numbers]
        return {f"laggd on {' '.join(names)}": lambda: sorted(self.laggd.distributing()) == names,
                f"{self.partner.NAME} on links {list(numbers)}":
                    lambda: self.partner.carrying() == list(numbers)}

    def all_up(self, limit=None):
        return max(watch(self.both_on(range(len(self.ports))), limit or self.partner.UP_LIMIT)
                   .values())

    def come_up(self, links, mode="active", rate="fast", partner_active=True, partner_fast=True):
        """Both sides run with their cables pulled; then these are plugged in, all at once."""
        for number in range(self.partner.count):
            self.partner.pull(number)
        self.partner.bond(links, partner_active, partner_fast)
        self.partner_active = partner_active
        self.start(links, mode, rate)
        self.assertEqual(self.laggd.distributing(), [])
        tap = self.tap(links)
        plugged = time.time()
        self.partner.plug(*range(links))
        took = self.all_up()
        share = self.our_share(tap, plugged)
        self.tell(f"link up to distributing {took:.2f} s, our share {share:.2f} s ({links} links, "
                  f"{mode} {rate} opposite {'active' if partner_active else 'passive'} "
                  f"{'fast' if partner_fast else 'slow'})")
        self.assert_share(share)
        self.wait_answers()
        self.assert_agreed()
        self.assert_flags(mode, rate)

    def stay_silent(self, links):
        """Two passive sides wait for each other."""
        self.partner.bond(links, False, True)
        tap = self.tap(links)
        self.start(links, "passive")
        with self.assertRaises(LabError):
            wait_for("a port distributing", self.laggd.distributing, 4, every=0.1)
        for cable in tap.cables:
            self.assertEqual(tap.sent(cable, left=True), [], "a passive port spoke first")

    def tap(self, links):
        tap = Wiretap(self.lab.cables[:links])
        self.addCleanup(tap.stop)
        return tap

    def wait_every_second(self):
        """Until the partner sends at the fast rate that we ask for, on every link, and all of them
        carry traffic; the Wiretap that saw it."""
        tap = self.tap(len(self.ports))

        def every_second(cable):
            times = [pdu.at for pdu in tap.sent(cable, left=False)][-3:] + [time.time()]
            gaps = [late - early for early, late in zip(times, times[1:])]
            return len(gaps) == 3 and max(gaps) < 1.5 and min(gaps[:2]) > 0.5

        wait_for(f"{self.partner.NAME} sending every second",
                 lambda: all(map(every_second, tap.cables)), self.partner.AGREE_LIMIT + 5)
        self.all_up()
        return tap

    def tell(self, text):
        print(f"timing: {self.partner.NAME}: {text}; load {os.getloadavg()[0]:.1f}", flush=True)

    def our_share(self, tap, since):
        """Seconds from the partner's first LACPDU to our first with Sync. With several links, from
        the last link's first LACPDU to the last link's Sync: a link that is heard within another's
        wait starts the wait of both again. A LACPDU counts as first when it has the identity that
        the partner keeps; with another one, the wait starts again by the standard."""
        heard, synced = [], []
        for cable in tap.cables:
            theirs = tap.sent(cable, left=False, since=since)
            ours = tap.sent(cable, left=True, since=since)
            kept = identity(theirs[-1].actor)
            heard.append(next(pdu.at for pdu in theirs if identity(pdu.actor) == kept))
            synced.append(next(pdu.at for pdu in ours if pdu.actor.state & SYNCHRONIZATION))
        return max(synced) - max(heard)

    def wait_answers(self, limit=10):
        wait_for("pings in both families", lambda: all(
            traffic.answers(self.lab.lagg_side, address, 1) for address in (HOST4[0], HOST6[0])),
            limit)

    def streams(self):
        """Pings from our side, so many that every link has some each way."""
        streams = PingStreams([(self.lab.lagg_side, source, target) for source, targets in
                               ((LAGG4, HOST4[:4]), (LAGG6, HOST6[:4])) for target in targets],
                              self.lab.directory)
        self.addCleanup(streams.stop)
        streams.wait_until_answered()
        return streams

    def pull_and_plug(self, number=0):
        """A pulled cable costs no more than a moment, and is used again."""
        partner = self.partner
        others = [n for n in range(len(self.ports)) if n != number]
        streams = self.streams()
        pulled = time.time()
        partner.pull(number)
        conditions = self.both_on(others)
        if not partner.SEES_CARRIER:
            conditions.popitem()
        watch(conditions, CARRIER_LIMIT)
        before = self.lab.network.carried()
        time.sleep(PULLED)
        sent = carried_between(before, self.lab.network.carried(), "left")
        self.assertEqual(sent[number], 0, "frames into a pulled cable")
        self.assertGreater(sum(sent), 0)
        plugged = time.time()
        partner.plug(number)
        self.tell(f"one cable plugged in to distributing {self.all_up():.2f} s")
        time.sleep(PULLED)
        ended = time.time()
        streams.stop()
        if partner.SEES_CARRIER:
            self.assert_outage(streams, pulled, plugged, partner.OUTAGE_LIMIT)
            self.assert_outage(streams, plugged, ended, partner.OUTAGE_LIMIT)
        self.assertEqual(streams.duplicates(), 0, "replies came more than once")
        self.wait_answers(partner.UP_LIMIT)

    def silent_break(self, number=1, partner_fast=True):
        """A cable that passes nothing any more, its carrier present. Asks for our fast rate."""
        partner = self.partner
        others = [n for n in range(len(self.ports)) if n != number]
        self.wait_every_second()
        conditions = self.both_on(others)
        if not partner_fast:
            conditions.popitem()
        self.lab.cables[number].break_silently()
        took = watch(conditions, SILENT_LIMIT)
        self.tell(f"silent break noticed by us after {list(took.values())[0]:.2f} s")
        self.assertTrue(self.laggd.lagg()["ports"][number]["link_up"], "that was no silent break")
        self.lab.cables[number].heal()
        self.all_up()
        self.wait_answers(partner.UP_LIMIT)

    def restart_at_once(self):
        """The partner is killed and started again before its silence was noticed."""
        self.partner.kill()
        self.partner.start_again()
        self.wait_answers(self.limit_after_restart())
        self.all_up()
        self.assert_agreed()

    def limit_after_restart(self):
        """A passive partner waits for our next LACPDU."""
        return self.partner.UP_LIMIT + (0 if self.partner_active else SLOW_PERIODIC)

    def restart(self):
        """The partner is killed, and started again when we have forgotten it. Asks for our fast
        rate."""
        tap = self.wait_every_second()
        self.partner.kill()
        self.laggd.wait_distributing([], SILENT_LIMIT)
        wait_for("laggd forgetting its partner", lambda: all(
            "F" in port["lacp"]["actor"]["flags"] for port in self.laggd.lagg()["ports"]), 5)
        started = time.time()
        self.partner.start_again()
        self.all_up(self.limit_after_restart())
        share = self.our_share(tap, started)
        self.tell(f"partner started again: our share {share:.2f} s")
        self.assert_share(share)
        self.wait_answers()
        self.assert_agreed()

    # --- what has to hold -------------------------------------------------------------------------

    def assert_share(self, share):
        """With a partner of whom nothing was known, so that nothing may be taken for granted."""
        self.assertLessEqual(share, SHARE_LIMIT, "laggd was slow to be in sync")
        self.assertGreaterEqual(share, 0.9 * WAIT_WHILE, "the wait was cut short")

    def assert_outage(self, streams, start, end, limit):
        out, where = streams.worst_outage(start, end)
        self.assertLessEqual(out, limit, f"ping stream {where} was out for {out:.3f} s")

    def assert_flags(self, mode, rate):
        """The partner heard what our configuration says."""
        for link in self.partner.told():
            self.assertEqual(bool(link.partner["state"] & 0x01), mode == "active", link)
            self.assertEqual(bool(link.partner["state"] & 0x02), rate == "fast", link)

    def assert_agreed(self):
        """Each side says of itself what the other side says of it, and all links are in one
        aggregate on both. The last LACPDUs may be on their way still."""
        def disagreements():
            mine, theirs = told_by_laggd(self.laggd.lagg()), self.partner.told()
            self.assertEqual(len(mine), len(theirs))
            pairs = [(number, side, one, other)
                     for number, (us, them) in enumerate(zip(mine, theirs))
                     for side, one, other in (("ours", us.actor, them.partner),
                                              ("partner's", us.partner, them.actor))]
            return [*(pair for pair in pairs if pair[2] != pair[3]),
                    *(("aggregates", side) for side in (mine, theirs)
                      if len({link.aggregate for link in side}) != 1)]
        try:
            wait_for("agreement", lambda: not disagreements(), self.partner.AGREE_LIMIT)
        except LabError:
            self.fail("\n".join(map(str, disagreements())))


def identity(end):
    """What a change of makes another partner: all but the state, and of that whether the link may
    be aggregated."""
    return (end.priority, end.system, end.key, end.port_priority, end.port, end.state & 0x04)
