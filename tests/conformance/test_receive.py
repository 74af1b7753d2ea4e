"""Checks 18 to 32: the receive machine."""

import time

from check import Check, long, main, on, twin
from tester import ACTIVE, IN_SYNC, UP
from wire import (ACTIVITY, AGGREGATION, CARRYING, COLLECTING, DEFAULTED, DISTRIBUTING, EXPIRED,
                  NOBODY, SYNCHRONIZATION, TIMEOUT)

FAST = {"rate": "fast"}
SHORT, LONG, WAIT = 3.0, 90.0, 2.0  # s
AT_ONCE = 0.25
STOPS = 0.05  # s within which data stops


class Receive(Check):
    def test_18_expired_then_defaulted(self):
        """After link up without an LACPDU: Expired for 3 s, then Defaulted alone."""
        self.t.plug()
        first = self.t.wait_state(0xc5, 2)
        self.bench.wait("DEFAULTED", lambda lagg: lagg["ports"][0]["lacp"]["machines"]["rx"]
                        == "DEFAULTED", 5)
        self.assert_near(time.time() - first.at, SHORT, "Expired lasted")
        told = self.t.wait_state(0x45, 2, first.at)
        self.assertEqual({pdu.state for pdu in self.t.lacpdus(first.at, told.at - 0.001)}, {0xc5})

    def test_19_takes_the_partner(self):
        """An LACPDU in EXPIRED is echoed in the Partner block, and Defaulted and Expired go."""
        self.bench.connect()
        self.assert_state(self.t.known.state, 0xc5)
        said = self.t.pdu()
        echo = self.t.ask()
        self.assertEqual(echo.data[38:53], said[18:33])
        self.assert_state(echo.state, 0x05)

    @on(lacp=FAST)
    def test_19_takes_the_partner_when_defaulted(self):
        """The same in DEFAULTED."""
        self.bench.connect()
        self.bench.wait("DEFAULTED", lambda lagg: lagg["ports"][0]["lacp"]["machines"]["rx"]
                        == "DEFAULTED", 5)
        said = self.t.pdu()
        echo = self.t.ask()
        self.assertEqual(echo.data[38:53], said[18:33])
        self.assert_state(echo.state, 0x07)

    def expires(self, timeout, activity_and_timeout):
        self.bench.bring_up()
        last = self.t.tell()
        expired = self.t.wait_bits(EXPIRED, timeout * 1.1 + 1, last)
        self.assert_near(expired.at - last, timeout, "until Expired")
        self.assert_state(expired.state, activity_and_timeout | 0x8c)
        defaulted = self.t.wait_bits(DEFAULTED, 4, last)
        self.assert_near(defaulted.at - expired.at, SHORT, "until Defaulted")
        self.assert_no_bits(defaulted.state, EXPIRED | CARRYING)

    @on(lacp=FAST)
    @twin("ReceiveMachine.LivesThroughExpiredAndDefaultedOnTime")
    def test_20_expires_short(self):
        """With the short timeout: Expired 3 s after the last LACPDU, Defaulted 3 s later."""
        self.expires(SHORT, 0x03)

    @long
    @twin("Conformance.Check20ExpiresAfterNinetySeconds")
    def test_20_expires_long(self):
        """With the long timeout: Expired 90 s after the last LACPDU, Defaulted 3 s later."""
        self.expires(LONG, 0x01)

    @on(lacp=FAST)
    def test_21_speaks_while_expired(self):
        """In EXPIRED an LACPDU every second, with the old partner out of sync and short in it."""
        self.bench.bring_up()
        last = self.t.tell()
        expired = self.t.wait_bits(EXPIRED, 4, last)
        self.t.wait_bits(DEFAULTED, 4, last)
        during = [pdu for pdu in self.t.lacpdus(expired.at) if pdu.state & EXPIRED]
        self.assertGreaterEqual(len(during), 3)
        for early, late in zip(during, during[1:]):
            self.assert_near(late.at - early.at, 1.0, "between two LACPDUs")
        for pdu in during:
            self.assertEqual((pdu.partner.system, pdu.partner.port),
                             (self.t.actor.system, self.t.actor.port))
            self.assert_no_bits(pdu.partner.state, SYNCHRONIZATION)
            self.assert_bits(pdu.partner.state, TIMEOUT)

    @on(lacp=FAST)
    def test_22_returns_from_expired(self):
        """An LACPDU in EXPIRED from the same partner: traffic again without waiting 2 s."""
        self.bench.bring_up()
        expired = self.t.wait_bits(EXPIRED, 5, self.t.tell())
        time.sleep(1)
        back = self.t.tell()
        self.assertLess(self.t.wait_bits(UP, 1, back).at - back, AT_ONCE)
        self.assertEqual([pdu for pdu in self.t.lacpdus(expired.at)
                          if not pdu.state & SYNCHRONIZATION], [])

    @on(lacp=FAST, cables=2)
    def test_23_data_stops_when_expired(self):
        """Data stops within 50 ms of Expired, and none leaves where D does not distribute."""
        self.bench.bring_up()
        client, lost, other = self.bench.ready_client(), self.t.capture(), self.u.capture()
        self.u.speak(state=UP)
        with client.stream(flows=16, rate=800):
            begun = self.t.tell()
            lost.wait("data on the first port", lambda frame: True, 2, begun)
            expired = self.t.wait_bits(EXPIRED, 5, begun)
            self.t.wait_bits(DEFAULTED, 4, begun)
            self.u.hush()
            stopped = self.u.wait_bits(EXPIRED, 5, expired.at)
            time.sleep(1)
        self.assert_near(expired.at - begun, SHORT, "until Expired")
        for port, moment in ((lost, expired.at), (other, stopped.at)):
            before = port.since(moment - 0.5, moment)
            self.assertGreater(len(before), 50, "there was no load")
            late = port.since(moment + STOPS)
            self.assertEqual(len(late), 0, f"the last {late and late[-1].at - moment} s after")
        print(f"check 23: last data {(lost.since(begun)[-1].at - expired.at) * 1e3:+.1f} ms "
              "from the LACPDU that says Expired", flush=True)
        # Frames that left prove it: every one was sent while the last LACPDU said Distributing.
        self.assertEqual(lost.since(0, self.t.wait_bits(DISTRIBUTING, 1).at - STOPS), [])

    def test_24_wrong_view_of_us(self):
        """A partner that is in sync with somebody else gets no data, whichever field is wrong."""
        self.bench.bring_up()
        known = self.t.known
        wrong = {"priority": known.priority + 1, "system": bytes(6), "key": known.key + 1,
                 "port_priority": known.port_priority + 1, "port": known.port + 1,
                 "state": known.state & ~AGGREGATION}
        for name, value in wrong.items():
            begun = self.t.tell_with_view(self.changed(known, **{name: value}))
            told = self.t.wait_without(COLLECTING | DISTRIBUTING, 1.2, begun)
            self.assert_bits(told.state, SYNCHRONIZATION)
            self.assertFalse(self.bench.port()["distributing"], name)
            self.assertFalse(self.bench.port()["collecting"], name)
            time.sleep(1)  # what it says next is not held back by the limit
            self.assertEqual(self.t.states(begun)[-1] & CARRYING, SYNCHRONIZATION, name)
            self.t.wait_bits(UP, 1.2, self.t.tell())
            time.sleep(0.5)

    def changed(self, information, **fields):
        return type(information)(**{**vars(information), **fields})

    @on(cables=2)
    def test_24_wrong_view_from_the_start(self):
        """A port whose partner never means it never carries anything, while its neighbour does."""
        self.bench.connect()
        arrived = self.u.capture()
        self.t.tell(state=UP)
        self.u.tell_with_view(self.changed(self.u.known, port=self.t.known.port), state=UP)
        self.t.wait_bits(UP, 5)
        self.assert_never("the port carries traffic", lambda: self.bench.port(2)["collecting"]
                          or self.bench.port(2)["distributing"], 2)
        with self.bench.ready_client().stream(flows=16):
            time.sleep(0.5)
        self.assertEqual(arrived.since(), [])

    def test_25_partner_out_of_sync(self):
        """A partner with a right view but without Sync: D is attached, and sends no data."""
        self.bench.connect()
        arrived = self.t.capture()
        begun = self.t.tell(state=ACTIVE | COLLECTING | DISTRIBUTING)
        self.t.wait_state(0x0d, 3, begun)
        self.t.speak(every=0.5)
        self.assert_never("it carries traffic", lambda: self.bench.port()["collecting"]
                          or self.bench.port()["distributing"], 2)
        self.assertEqual(set(self.t.states(begun)) - {0x05, 0x0d}, set())
        self.bench.client.send(b"\xff" * 64)
        self.assertEqual(arrived.since(), [])

    def test_26_individual_partner(self):
        """A partner without Aggregation need not know D: the port is used, alone."""
        self.bench.connect()
        begun = self.t.tell_with_view(NOBODY, state=ACTIVITY | CARRYING)
        self.t.view = NOBODY
        told = self.t.wait_bits(CARRYING, 4, begun)
        self.assert_bits(told.state, AGGREGATION)  # that is D's own
        self.assertTrue(self.bench.port()["distributing"])

    @on(lacp={"mode": "passive"})
    def test_27_nobody_maintains_the_link(self):
        """Two passive ends are never in sync, whatever they say otherwise."""
        self.t.plug()
        passive = AGGREGATION | CARRYING
        self.t.tell(state=ACTIVE)  # D has said nothing yet, and answers an active partner only
        self.t.wait_pdu(timeout=2)
        self.assertEqual(self.t.known.state & ACTIVITY, 0)
        self.t.tell(state=passive)
        self.assert_never("it carries traffic", lambda: self.bench.port()["distributing"], 3)
        self.assertEqual(self.bench.lacp_of()["partner"]["flags"][3], "-")
        self.t.tell(state=passive | ACTIVITY)
        self.bench.wait_distributing(1)

    def test_28_moods_do_not_unselect(self):
        """Each LACPDU replaces what is known; Collecting and Distributing alone unselect
        nothing."""
        begun = self.bench.bring_up()
        up = self.t.wait_bits(UP, 1, begun).at
        for state in (UP & ~DISTRIBUTING, UP & ~COLLECTING, IN_SYNC, UP):
            self.assertEqual(self.t.ask(timeout=1.5, state=state).partner.state, state & ~8)
            self.t.tell()
            time.sleep(0.7)
        self.assertEqual([pdu for pdu in self.t.lacpdus(up) if not pdu.state & SYNCHRONIZATION], [])
        self.assertTrue(self.bench.port()["distributing"])

    def test_29_another_partner(self):
        """Another key, system, priority, port or Aggregation: out of sync, 2 s, attached again."""
        self.bench.bring_up()
        system = self.t.actor.system[:5] + b"\x01"
        for field, value in (("key", 9), ("system", system), ("priority", 9), ("port", 9),
                             ("port_priority", 9), ("state", UP & ~AGGREGATION)):
            begun = self.t.tell(**{field: value})
            out = self.t.wait_without(CARRYING, 1.2, begun)
            self.assertLess(out.at - begun, 1.2, field)
            back = self.t.wait_bits(CARRYING, 4, out.at)
            self.assert_near(back.at - begun, WAIT, f"{field}: out of sync for")

    def test_30_short_link_outage(self):
        """Link down clears Sync at once; the same partner is taken back without waiting 2 s."""
        self.bench.bring_up()
        self.t.pull()
        self.bench.wait("partner out of sync", lambda lagg: not lagg["ports"][0]["collecting"]
                        and lagg["ports"][0]["lacp"]["partner"]["flags"][3] == "-", 1)
        self.assertEqual(self.bench.lacp_of()["machines"]["selected"], "SELECTED")
        begun = time.time()
        self.t.plug()
        first = self.t.wait_pdu(since=begun)
        self.assert_bits(first.state, EXPIRED)
        self.assert_no_bits(first.state, DEFAULTED | COLLECTING | DISTRIBUTING)
        self.assertEqual(first.partner.system, self.t.actor.system)
        back = self.t.tell()
        self.assertLess(self.t.wait_bits(UP, 2, back).at - back, AT_ONCE)

    @on(cables=2)
    def test_31_partner_moved(self):
        """The partner of a port without link appears on another: the first port forgets it."""
        self.bench.bring_up(self.t)
        self.t.pull()
        self.bench.wait("link down", lambda lagg: not lagg["ports"][0]["link_up"], 2)
        self.assertEqual(self.bench.lacp_of(1)["partner"]["port"], self.t.actor.port)
        self.bench.connect(self.u)
        self.u.tell(**{**vars(self.t.actor)})
        self.bench.wait("forgotten", lambda lagg: lagg["ports"][0]["lacp"]["partner"]["port"] == 0
                        and lagg["ports"][1]["lacp"]["partner"]["port"] == self.t.actor.port, 2)
        begun = time.time()
        self.t.plug()
        self.assert_state(self.t.wait_pdu(since=begun).state, 0xc5)

    @on(cables=2, ports={1: {"lacp": {"enabled": False}}})
    def test_32_lacp_disabled(self):
        """A port with LACP disabled says nothing, ignores LACPDUs and is alone."""
        self.bench.bring_up(self.u)
        self.t.plug()
        self.t.speak(every=0.5, state=UP)
        self.assert_never("it speaks", lambda: self.t.lacpdus(), 3)
        told = self.bench.lacp_of(1)
        self.assertEqual(told["machines"]["rx"], "LACP_DISABLED")
        self.assertEqual(told["partner"]["port"], 0)
        self.assertNotEqual(told["aggregator"], self.bench.lacp_of(2)["aggregator"])
        self.assertFalse(self.bench.port(1)["distributing"])


if __name__ == "__main__":
    main()
