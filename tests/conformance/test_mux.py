"""Checks 55 to 61: the mux machine, and what it lets through."""

import time

from check import Check, main, on, twin
from frames import number_of
from tester import ACTIVE, IN_SYNC, UP
from wire import CARRYING, COLLECTING, SYNCHRONIZATION

WAIT = 2.0
STOPS = 0.1  # s
FORWARD = 0x0b  # second octet of the source addresses of what the tester sends


class Mux(Check):
    @twin("MuxMachine.WaitingIsReadyAfterTwoSeconds")
    def test_55_wait_while(self):
        """The first port waits 2 s before it attaches, and is out of sync meanwhile."""
        self.bench.connect()
        begun = self.t.tell()
        attached = self.t.wait_bits(SYNCHRONIZATION, 4, begun)
        self.assert_near(attached.at - begun, WAIT, "until attached", tolerance=0.2)
        self.assertEqual([pdu for pdu in self.t.lacpdus(0, attached.at - 0.001)
                          if pdu.state & CARRYING], [])

    @on(cables=2)
    @twin("Ready.TwoPortsAttachTogetherWhenTheLaterOneIsReady")
    def test_56_ready_together(self):
        """A port that comes a second later: both attach together when the later one is ready."""
        self.bench.connect()
        self.t.tell(state=UP)
        time.sleep(1)
        later = self.u.tell(state=UP)
        first, second = (tester.wait_bits(SYNCHRONIZATION, 4) for tester in self.bench.testers)
        self.assert_near(second.at - later, WAIT, "until the later one attached", tolerance=0.2)
        self.assertLess(abs(first.at - second.at), 0.1, "they attached one by one")

    def climb(self, expected):
        """D's states on the wire while the tester takes one step after the other."""
        self.bench.connect()
        begun = time.time()
        self.t.ask()
        self.t.speak(every=0.4)
        self.t.wait_state(0x0d, 4, begun)
        self.t.tell(state=IN_SYNC)
        time.sleep(0.8)
        self.t.tell(state=IN_SYNC | COLLECTING)
        self.t.wait_state(0x3d, 2, begun)
        self.t.hush()
        self.assertEqual([hex(state) for state in self.t.states(begun)], [hex(s) for s in expected])

    @twin("MuxMachine.ClimbsInOrderOnTheWire")
    def test_57_order_of_states(self):
        """Independent control: 0x05, 0x0D, 0x1D, 0x3D, in this order and no other between."""
        self.climb([0x05, 0x0d, 0x1d, 0x3d])

    @on(lacp={"mux": "coupled"})
    @twin("MuxMachine.HasTheArrowsOfCoupledControl")
    def test_57_order_of_states_coupled(self):
        """Coupled control: 0x0D, then 0x3D, without a state between."""
        self.climb([0x05, 0x0d, 0x3d])

    @twin("MuxMachine.DoesNotSendToAPartnerThatDoesNotCollect")
    def test_58_partner_does_not_collect(self):
        """A partner in sync that does not collect: its data is delivered, and none is sent to
        it."""
        self.bench.connect()
        begun = self.t.tell(state=IN_SYNC)
        self.t.wait_state(0x1d, 4, begun)
        arrived, delivered = self.t.capture(), self.bench.client.capture()
        # The lagg has no carrier, so what a client sends must not even be asked for.
        for _ in range(20):
            self.bench.client.send(b"\xff" * 60)
        self.assertEqual(self.bench.lacp_of()["machines"]["mux"], "COLLECTING")
        self.assert_never("data left", lambda: arrived.since(), 0.5)
        self.assertEqual(delivered.since(), [])

    @on(cables=2)
    def test_58_collects_only(self):
        """Next to a port that distributes: what the tester sends there is delivered all the
        same."""
        self.bench.connect()
        self.t.tell(state=UP)
        begun = self.u.tell(state=IN_SYNC)
        self.u.wait_state(0x1d, 4, begun)
        self.t.wait_bits(UP, 2)
        client = self.bench.ready_client()
        delivered, arrived = client.capture(), self.u.capture()
        with self.u.stream(flows=4, rate=200, side=FORWARD) as sent, client.stream(flows=16):
            time.sleep(0.5)
        time.sleep(0.1)
        self.assertEqual(sorted(number_of(frame) for frame in delivered.since()),
                         sorted((flow, number) for _, flow, number in sent.sent))
        self.assertEqual(arrived.since(), [])

    @on(cables=2)
    def test_59_partner_stops(self):
        """The partner clears Collecting: D sends nothing more there and collects; Sync: neither."""
        self.bench.bring_up()
        client, arrived = self.bench.ready_client(), self.t.capture()
        delivered = client.capture()
        with client.stream(flows=16, rate=800), self.t.stream(flows=4, rate=200, side=FORWARD):
            time.sleep(0.3)
            stopped = self.t.tell(state=IN_SYNC)
            self.t.wait_state(0x1d, 1.2, stopped)
            time.sleep(0.7)
            closed = self.t.tell(state=ACTIVE)
            self.t.wait_state(0x0d, 1.2, closed)
            time.sleep(0.7)
        self.assertGreater(len(arrived.since(stopped - 0.25, stopped)), 50, "there was no load")
        self.assertEqual(arrived.since(stopped + STOPS), [])
        own = [frame for frame in delivered.since() if frame.source[1] == FORWARD]
        self.assertGreater(len([frame for frame in own if stopped + STOPS < frame.at < closed]), 50,
                           "it stopped collecting")
        self.assertEqual([frame for frame in own if frame.at > closed + STOPS], [])

    @on(cables=2)
    def test_60_collecting(self):
        """Data is dropped and counted where D does not collect, else delivered once; none
        returns."""
        self.bench.connect()
        self.t.tell(state=UP)
        self.t.wait_bits(UP, 4)
        client = self.bench.ready_client()
        delivered = client.capture()
        before = self.bench.port(2)["counters"]["rx_not_collecting"]
        for tester in self.bench.testers:
            with tester.stream(flows=4, rate=400, side=FORWARD,
                               first_flow=100 * tester.actor.port) as sent:
                time.sleep(0.4)
            tester.sent = sorted((flow, number) for _, flow, number in sent.sent)
        self.bench.wait("the drops in the counter", lambda lagg: lagg["ports"][1]["counters"]
                        ["rx_not_collecting"] == before + len(self.u.sent), 2)
        self.assertEqual(sorted(number_of(frame) for frame in delivered.since()), self.t.sent)
        # A broadcast leaves on one port, and does not come back by the other.
        begun = self.u.tell(state=UP)
        self.u.wait_bits(UP, 4, begun)
        arrived = [tester.capture() for tester in self.bench.testers]
        begun = time.time()
        with client.stream(flows=16) as sent:
            time.sleep(0.3)
        time.sleep(0.1)
        left = sorted(number_of(frame) for port in arrived for frame in port.since(begun))
        self.assertEqual(left, sorted((flow, number) for _, flow, number in sent.sent))
        self.assertEqual(delivered.since(begun), [])

    @on(cables=2, alone=True)
    @twin("TransmitMachine.ALeavingPortSaysGoodByeAndThenNothing")
    def test_61_leaves(self):
        """Removal and shutdown: an LACPDU without Sync, Collecting and Distributing, then
        silence."""
        self.bench.bring_up()
        client = self.bench.ready_client()
        arrived = [tester.capture() for tester in self.bench.testers]
        with client.stream(flows=16, rate=800):
            time.sleep(0.3)
            self.leaves(self.u, arrived[1], lambda: self.bench.reload(used=self.bench.names[:1]))
            self.leaves(self.t, arrived[0], self.hall.stop)

    def leaves(self, tester, arrived, act):
        begun = time.time()
        act()
        last = tester.wait_without(CARRYING, 1, begun)
        self.assertGreater(len(arrived.since(begun - 0.25, begun)), 20, "there was no load")
        for _ in range(5):
            time.sleep(0.3)
            tester.tell()
        self.assertEqual(tester.slow_frames(last.at + 0.0001), [])
        late = arrived.since(last.at + 0.02)
        self.assertEqual(late, [], "data after the farewell")


if __name__ == "__main__":
    main()
