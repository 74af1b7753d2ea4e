"""Checks 77 to 79: what a partner at the slow rate loses when D stops using a port, and what others
are told when D's traffic goes elsewhere.

The partner sends numbered frames for as long as D's last LACPDU says that D takes them. What it
sent before it could know better, and D did not deliver, is lost.
"""

import time

from check import Check, main, on, twin
from air import Stream
from frames import number_of
from wire import CARRYING, COLLECTING, SYNCHRONIZATION

from lab.command import LabError, run

FORWARD = 0x0b  # second octet of the source addresses of what the tester sends
# Frames in a second. Many checks send side by side, and a port's ring holds no more than 64.
RATE = 50
# Frames: those under way while the workers obey already. A busy machine holds the LACPDU up by a
# tenth of a second; without one the partner would lose all that it sends.
MOST_LOST = 5
SLOW = 30.0  # s between two LACPDUs of the partner
TOLD = 1.5  # s
ON = 1.5  # s in which the partner goes on after it was told, or was not
RARP = 0x8035
OTHER_MAC = "02:00:5e:00:00:77"


class Obedient:
    """Sends data on a tester's cable while D said last that it takes some."""

    def __init__(self, tester):
        self._tester = tester
        self._cable = tester.capture()

    def send(self, data):
        taken = SYNCHRONIZATION | COLLECTING
        return self._tester.known.state & taken == taken and self._cable.send(data)


class Goodbye(Check):
    def lose(self, act, *numbers, told=True, seconds=ON):
        """Does `act` under load and counts what is lost on the cables of those numbers. `told`:
        whether D has to say that it is out of sync there, or must not."""
        testers = [self.bench.testers[number - 1] for number in numbers]
        self.bench.bring_up()
        for tester in self.bench.testers:
            tester.speak(every=SLOW)
        delivered = self.bench.ready_client().capture()
        streams = [Stream(Obedient(tester), flows=1, first_flow=tester.actor.port, rate=RATE,
                          side=FORWARD) for tester in testers]
        time.sleep(0.4)
        asked = time.time()
        act()
        farewells = [self.farewell(tester, asked, told) for tester in testers]
        time.sleep(seconds)
        for stream in streams:
            stream.stop()
        time.sleep(0.1)
        taken = {number_of(frame) for frame in delivered.since()}
        self.assertGreater(len(taken), len(testers) * RATE * 0.2, "there was no load")
        lost = [sum((flow, number) not in taken and (farewell is None or at <= farewell.at)
                    for at, flow, number in stream.sent)
                for stream, farewell in zip(streams, farewells)]
        said = [f"{(pdu.at - asked) * 1000:.0f} ms" if pdu else "never" for pdu in farewells]
        print(f"goodbye: {self._testMethodName.removeprefix('test_77_'):24} told after "
              f"{', '.join(said):16} frames lost: {', '.join(map(str, lost))}", flush=True)
        self.assertEqual([pdu is not None for pdu in farewells], [told] * len(testers))
        self.assertLessEqual(max(lost), MOST_LOST)
        if not told:
            self.assertEqual([hex(pdu.state) for tester in testers for pdu in tester.lacpdus(asked)
                              if pdu.state & CARRYING != CARRYING], [], "a port changed state")

    def farewell(self, tester, asked, wanted):
        try:
            return tester.wait_without(CARRYING, TOLD if wanted else 0.5, asked)
        except LabError:
            return None

    def reload_ports(self, **lacp):
        self.bench.reload(ports={1: {"lacp": lacp}})

    @on(cables=2)
    @twin("TransmitMachine.APortWhoseLacpIsDisabledSaysGoodByeAndThenNothing")
    def test_77_disabled(self):
        """lacp.enabled = false: told out of sync in a last LACPDU, and a slow partner loses
        nothing."""
        self.lose(lambda: self.reload_ports(enabled=False), 1)

    @on(cables=2)
    def test_77_individual(self):
        """A port that becomes Individual: told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.reload_ports(individual=True), 1)

    @on(cables=2)
    def test_77_port_key(self):
        """Another key of one port: told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.reload_ports(key=99), 1)

    @on(cables=2)
    def test_77_port_priority(self):
        """Another priority of one port: told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.reload_ports(priority=99), 1)

    @on(cables=2)
    def test_77_drained(self):
        """A drained port: told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.reload_ports(drain=True), 1)

    @on(cables=2)
    @twin("TransmitMachine.ALeavingPortSaysGoodByeAndThenNothing")
    def test_77_port_removed(self):
        """A port that leaves its lagg by reload: told out of sync, and a slow partner loses
        nothing."""
        self.lose(lambda: self.bench.reload(used=self.bench.names[1:]), 1)

    @on(cables=2)
    def test_77_device_exchanged(self):
        """A port whose device is opened anew: told out of sync, and a slow partner loses
        nothing."""
        self.lose(lambda: self.bench.reload(ports={1: {"descriptors": 512}}), 1)

    @on(cables=2)
    def test_77_key(self):
        """Another key of the lagg: all ports told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.bench.reload(lacp={"key": 99}), 1, 2)

    @on(cables=2)
    def test_77_system_priority(self):
        """Another system priority: all ports told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.bench.reload(lacp={"system_priority": 99}), 1, 2)

    @on(cables=2)
    def test_77_mac(self):
        """Another address of the lagg: all ports told out of sync, and a slow partner loses
        nothing."""
        self.lose(lambda: self.bench.reload(lagg={"mac": "02:00:5e:00:00:76"}), 1, 2)

    @on(cables=2)
    def test_77_protocol(self):
        """LACP is given up: all ports told out of sync, and a slow partner loses nothing."""
        self.lose(lambda: self.bench.reload(lagg={"protocol": "none"}), 1, 2)

    @on(cables=2, lacp={"key": 1})
    @twin("TransmitMachine.ParametersThatSayTheSameCostNothing")
    def test_77_same_key(self):
        """A key that moves from the lagg to its ports: no port says or loses anything."""
        self.lose(lambda: self.bench.reload(lacp={"key": 7}, ports={
            number: {"lacp": {"key": 1}} for number in (1, 2)}), 1, 2, told=False)

    @on(cables=2, lacp={"rate": "fast"})
    @twin("ReceiveMachine.ALongerTimeoutCountsForTheLacpduReceivedLast")
    def test_77_slower(self):
        """A rate that turns slow: no port expires though the partner speaks 30 s later only."""
        def slow_down():
            for tester in self.bench.testers:
                tester.tell()
                tester.hush()  # it is told, and need not answer
            self.bench.reload(lacp={"rate": "slow"})
        self.lose(slow_down, 1, 2, told=False, seconds=4)

    @on(cables=2, lagg={"min_links": 2})
    def test_77_min_links(self):
        """Below min_links: what the partner still sends on the other port is delivered."""
        self.lose(self.u.pull, 1, told=False)

    @on(cables=2, alone=True)
    def test_77_lagg_removed(self):
        """A lagg that is removed by reload: all ports told out of sync, and a slow partner loses
        nothing."""
        def remove():
            self.hall.benches.remove(self.bench)
            self.hall.write()
            self.assertEqual(self.hall.laggd.ctl("reload").code, 0)
        self.addCleanup(self.bench.close)
        self.lose(remove, 1, 2)

    @on(cables=2, alone=True)
    def test_77_stopped(self):
        """A daemon stopped by SIGTERM: all ports told out of sync, and a slow partner loses
        nothing."""
        self.lose(self.hall.stop, 1, 2)


class Announcements(Check):
    def setUp(self):
        super().setUp()
        self.heard = [tester.capture(RARP) for tester in self.bench.testers]

    def bring_up(self, *numbers):
        for tester in self.bench.testers:
            tester.plug()
        self.bench.wait_distributing(*numbers)

    def announced(self, act, number):
        """`act` is followed by a RARP request from the lagg's address on the port of that
        number."""
        begun = time.time()
        act()
        mac = bytes.fromhex(self.bench.told()["mac"].replace(":", ""))
        self.heard[number - 1].wait(f"an announcement on port {number}",
                                    lambda frame: frame.source == mac, 2, begun)

    @on(cables=2, lagg={"protocol": "failover"})
    @twin("Announced.ADrainedPortOfAFailoverOnTheNextOne")
    def test_78_failover(self):
        """Failover goes on to the next port, drained, removed or without device: announced
        there."""
        self.bring_up(1)
        self.announced(lambda: self.bench.reload(ports={1: {"lacp": {"drain": True}}}), 2)
        self.announced(lambda: self.bench.reload(ports={1: {"lacp": {"drain": False}}}), 1)
        self.announced(lambda: self.bench.reload(used=self.bench.names[1:]), 2)
        self.announced(lambda: self.bench.reload(used=self.bench.names), 1)
        self.announced(lambda: run(["ip", "-n", self.hall.inside.name, "link", "del",
                                    self.bench.names[0]]), 2)

    @on(cables=2, lagg={"protocol": "failover"})
    @twin("Announced.AnotherMacUnderEveryProtocol")
    def test_78_address(self):
        """Another address of the lagg is announced, whatever the protocol."""
        self.bring_up(1)
        self.announced(lambda: self.bench.reload(lagg={"mac": OTHER_MAC}), 1)
        self.bench.reload(lagg={"protocol": "loadbalance"})
        self.announced(lambda: self.bench.reload(lagg={"mac": "02:00:5e:00:00:78"}), 1)

    @on(cables=2)
    @twin("Announced.AnotherMacUnderLacpWhenThePartnerHasAgreed")
    def test_78_address_under_lacp(self):
        """Under LACP another address of the lagg is announced as soon as the partner has agreed."""
        self.bench.bring_up()
        for tester in self.bench.testers:
            tester.speak(every=SLOW)
        asked = self.bench.reload(lagg={"mac": OTHER_MAC})
        told = self.heard[0].wait("an announcement", lambda frame: True, 5, asked)
        self.assertEqual(told.source, bytes.fromhex(OTHER_MAC.replace(":", "")))
        self.assertGreater(told.at - asked, 1.5, "before the partner could agree")

    @on(cables=2, lagg={"mac": OTHER_MAC})
    @twin("Announced.AnotherProtocol")
    def test_79_protocol(self):
        """LACP that gives way to a static aggregate or to failover is announced."""
        self.bench.bring_up()
        self.announced(lambda: self.bench.reload(lagg={"protocol": "loadbalance"}), 1)
        self.announced(lambda: self.bench.reload(lagg={"protocol": "failover"}), 1)


if __name__ == "__main__":
    main()
