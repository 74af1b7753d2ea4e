"""Checks 71 to 76: the data path while ports fail, hashing, MTU, addresses, and the soak."""

import os
import socket
import struct
import subprocess
import sys
import time

from check import LARGE_RINGS, Check, long, main, on, twin
from frames import data_frame, number_of, udp_frame
from bench import interface_address
from smoke import ROOT, programs
from tester import UP
from wire import ETH_P_ALL

from lab.command import run
from lab.laboratory import missing

IPV4, IPV6, ARP = 0x0800, 0x86dd, 0x0806
SEED = 1
FLOWS, RATE = 96, 2400
LOSS_LIMIT = 0.05  # s without the flows of a pulled port
SILENT_LIMIT = 3.3
LARGEST = 9216
POLICIES = {  # which of the layers a policy covers
    "layer2": "2", "layer3": "3", "layer4": "4", "layer2+3": "23", "layer2+4": "24",
    "layer3+4": "34", "layer2+3+4": "234"}
VARIATIONS = 48


class DataPath(Check):
    def ports_of_flows(self, captures, start, end=float("inf")):
        """{flow: numbers of the ports it arrived on}"""
        seen = {}
        for number, capture in enumerate(captures, 1):
            for frame in capture.since(start, end):
                seen.setdefault(number_of(frame)[0], set()).add(number)
        return seen

    def assert_in_order_once(self, captures):
        """No frame of any flow came twice or after a later one."""
        arrived = sorted((frame.at, *number_of(frame)) for capture in captures
                         for frame in capture.since())
        last = {}
        for at, flow, number in arrived:
            self.assertGreater(number, last.get(flow, -1), f"flow {flow} at {at}")
            last[flow] = number

    @on(cables=3, arguments=LARGE_RINGS, alone=True)
    @twin("BucketTable.ALossRewritesTheLostBucketsAlone")
    def test_71_cable_pulled(self):
        """A cable pulled under load: short loss on its flows, no other flow moves, order is
        kept."""
        self.bench.bring_up()
        captures = [tester.capture() for tester in self.bench.testers]
        with self.bench.ready_client().stream(flows=FLOWS, rate=RATE) as sent:
            time.sleep(1)
            pulled = time.time()
            self.u.pull()
            time.sleep(1.5)
        before = self.ports_of_flows(captures, 0, pulled)
        after = self.ports_of_flows(captures, pulled + 0.5)
        self.assertEqual({len(ports) for ports in before.values()}, {1})
        self.assertGreater(sum(ports == {2} for ports in before.values()), FLOWS // 6)
        for flow, ports in before.items():
            self.assertEqual(len(after[flow]), 1, flow)
            if ports != {2}:
                self.assertEqual(after[flow], ports, f"flow {flow} moved")
        self.assertEqual(set().union(*after.values()), {1, 3})
        self.assert_in_order_once(captures)
        lost = len(sent.sent) - sum(len(capture.since()) for capture in captures)
        share = RATE * sum(ports == {2} for ports in before.values()) / FLOWS
        print(f"check 71: {lost} frames lost, {1e3 * lost / share:.1f} ms of the pulled port",
              flush=True)
        self.assertLess(lost / share, LOSS_LIMIT)

    @on(cables=2, lacp={"rate": "fast"}, arguments=LARGE_RINGS)
    @twin("Pair.ASilentBreakStopsDistributingWithinThreeSeconds")
    def test_72_silent_failure(self):
        """A link that swallows everything but keeps its carrier: its flows move within 3.3 s."""
        self.bench.bring_up()
        for tester in self.bench.testers:
            tester.speak(state=UP)
        captures = [tester.capture() for tester in self.bench.testers]
        with self.bench.ready_client().stream(flows=32, rate=800):
            time.sleep(0.5)
            silent = self.u.hush()
            time.sleep(4)
        swallowed = [frame.at for frame in captures[1].since(silent)]
        self.assertGreater(len(swallowed), 100, "there was no load")
        self.assertLess(max(swallowed) - silent, SILENT_LIMIT)
        before = self.ports_of_flows(captures, 0, silent)
        after = self.ports_of_flows(captures, max(swallowed) + 0.001)
        self.assertEqual(set(map(tuple, after.values())), {(1,)})
        self.assertEqual(set(before), set(after))

    # --- hash -------------------------------------------------------------------------------------

    def arrivals(self, frames):
        """Ports on which each of these frames of the client arrived."""
        captures = [tester.capture(ETH_P_ALL) for tester in self.bench.testers]
        begun = time.time()
        for frame in frames:
            self.bench.client.send(frame)
        wanted = {bytes(frame) for frame in frames}
        self.bench.wait("all frames arrived", lambda _: sum(
            frame.data in wanted for capture in captures for frame in capture.since(begun))
            >= len(frames), 3)
        found = [[number for number, capture in enumerate(captures, 1)
                  for frame in capture.since(begun) if frame.data == sent] for sent in wanted]
        self.assertEqual({len(ports) for ports in found}, {1}, "lost, or sent twice")
        return {ports[0] for ports in found}

    def variations(self, layer):
        """Frames of which only that layer differs."""
        for number in range(VARIATIONS):
            source = bytes([2, 0, 0, 0, 3, number if layer == "2" else 0])
            address = bytes((192, 0, 2, number if layer == "3" else 0))
            port = 7000 + (number if layer == "4" else 0)
            yield udp_frame(source, number, bytes.fromhex("020000000042"), address, port=port)

    @on(cables=2, lagg={"hash": {"policy": "layer2", "seed": SEED}}, alone=True)
    @twin("FlowHash.StaysWhatItIs")
    def test_73_policies(self):
        """Each policy spreads by the layers it names, and by no other."""
        self.bench.bring_up()
        self.bench.ready_client()
        for policy, layers in POLICIES.items():
            self.bench.reload(lagg={"hash": {"policy": policy, "seed": SEED}})
            for layer in "234":
                ports = self.arrivals(list(self.variations(layer)))
                self.assertEqual(len(ports), 2 if layer in layers else 1,
                                 f"{policy}: layer {layer} varies")

    @on(cables=2, lagg={"hash": {"policy": "layer2+3+4", "seed": SEED}})
    @twin("FlowKey.EveryTruncationIsAPartOfTheWhole")
    def test_73_odd_frames(self):
        """Fragments stay together; tags and headers cut anywhere are sent once and crash
        nothing."""
        self.bench.bring_up()
        self.bench.ready_client()
        source, peer = bytes.fromhex("020000000301"), bytes.fromhex("020000000042")
        pieces = [udp_frame(source, number, peer, fragment=fragment) for number, fragment in
                  enumerate((0x2000, 0x2001, 0x2002, 0x0003))]
        self.assertEqual(len(self.arrivals(pieces)), 1)
        tags = bytes.fromhex("88a80005" "81000006")
        whole = udp_frame(source, 9, peer, tags=tags, payload=bytes(64))
        # Shorter than Ethernet allows is what a client can send all the same.
        self.arrivals([udp_frame(source, 100 + cut, peer, payload=bytes(64))[:cut]
                       for cut in range(46, 80)])
        captures = [tester.capture(ETH_P_ALL) for tester in self.bench.testers]
        begun = time.time()
        for cut in range(15, len(whole)):
            self.bench.client.send(whole[:cut])
        self.bench.wait("the tagged ones", lambda _: sum(
            len(capture.since(begun)) for capture in captures) >= len(whole) - 18 - 15, 3)
        self.bench.wait_distributing(1, 2)

    @on(cables=2, lagg={"hash": {"policy": "layer3+4", "seed": SEED}})
    @twin("FlowKey.OptionsAndExtensionHeadersDoNotChangeTheKey")
    def test_73_extension_headers(self):
        """IPv6 extension headers do not move a flow."""
        self.bench.bring_up()
        self.bench.ready_client()
        ethernet = bytes.fromhex("020000000042" "020000000301" "86dd")
        addresses = bytes.fromhex("20010db8" + 11 * "00" + "01" + "20010db8" + 11 * "00" + "02")
        for port in range(8):
            udp = struct.pack(">HHHH", 6000 + port, 9, 24, 0) + bytes(16)
            options = bytes([17, 0, 1, 4, 0, 0, 0, 0])  # destination options: UDP follows
            frames = [ethernet + struct.pack(">IHBB", 6 << 28, len(body), first, 64) + addresses +
                      body
                      for first, body in ((17, udp), (60, options + udp),
                                          (0, bytes([60]) + options[1:] + options + udp))]
            self.assertEqual(len(self.arrivals(frames)), 1)

    # --- MTU --------------------------------------------------------------------------------------

    @on(cables=2, alone=True, arguments=LARGE_RINGS)
    def test_74_mtu(self):
        """Frames of exactly the MTU pass both ways, tagged too; one octet more is refused."""
        for tester in self.bench.testers:
            run(["ip", "-n", self.hall.outside.name, "link", "set", tester.interface, "mtu",
                 str(LARGEST + 4)])
        self.bench.bring_up()
        client = self.bench.ready_client()
        delivered, arrived = client.capture(), [tester.capture() for tester in self.bench.testers]
        for mtu in (1492, 1500, 9000, LARGEST):
            self.bench.reload(lagg={"mtu": mtu})
            links = self.hall.inside.links()
            self.assertEqual({links[name]["mtu"] for name in (*self.bench.names, self.bench.name)},
                             {mtu})
            begun = time.time()
            self.assertTrue(client.send(data_frame(1, mtu, size=mtu + 14)))
            self.assertFalse(client.send(data_frame(1, mtu, size=mtu + 15)), "MTU + 1 was taken")
            tagged = data_frame(1, mtu, size=mtu + 14)
            tagged = tagged[:12] + bytes.fromhex("81000005") + tagged[12:]
            self.assertTrue(client.send(tagged))
            self.bench.wait("both frames", lambda _: sorted(
                len(frame.data) for port in arrived for frame in port.since(begun))
                == [mtu + 14, mtu + 14], 2)
            for tester in self.bench.testers:
                tester.send(data_frame(2, mtu, size=mtu + 14, side=0x0b))
            self.bench.wait("both frames at the client", lambda _: [
                len(frame.data) for frame in delivered.since(begun)] == 2 * [mtu + 14], 2)

    @on(cables=2, alone=True, arguments="framecnt=64,framesz=2048,blocksz=4096")
    def test_74_member_that_cannot(self):
        """A port that cannot have the MTU: the reload is refused in a sentence, nothing changed."""
        self.bench.bring_up()
        with self.hall.configuring:
            self.bench.lagg_keys["mtu"] = 9000
            self.hall.write()
            answer = self.hall.laggd.ctl("reload")
        self.assertNotEqual(answer.code, 0)
        self.assertRegex(answer.err + answer.out, r"p0x[12].*9000")
        links = self.hall.inside.links()
        self.assertEqual({links[name]["mtu"] for name in (*self.bench.names, self.bench.name)},
                         {1500})
        self.assertEqual(self.bench.told()["mtu"], 1500)
        self.bench.wait_distributing(1, 2)

    # --- addresses --------------------------------------------------------------------------------

    @on(cables=2, alone=True, ipv6=True,
        lagg={"protocol": "failover", "aliases": ["192.0.2.1/24", "2001:db8::1/64"]})
    @twin("Failover.AnnouncesWhereItIsNowOnTheNewPortAlone")
    def test_75_announcements(self):
        """After a failover a gratuitous ARP and a Neighbor Advertisement leave on the new port
        only."""
        for tester in self.bench.testers:
            tester.plug()
        self.bench.wait_distributing(1)
        self.bench.ready_client()
        arps, advertisements = self.u.capture(ARP), self.u.capture(IPV6)
        self.t.capture(ARP)
        mac = bytes.fromhex(self.bench.told()["mac"].replace(":", ""))
        begun = time.time()
        self.t.pull()
        arp = arps.wait("a gratuitous ARP", lambda frame: frame.data[28:32] == frame.data[38:42]
                        == bytes((192, 0, 2, 1)), 2, begun)
        self.assertEqual((arp.source, arp.data[22:28], arp.destination), (mac, mac, b"\xff" * 6))
        advertisements.wait("a Neighbor Advertisement", lambda frame: len(frame.data) >= 78
                            and frame.data[54] == 136 and frame.data[62:78] == socket.inet_pton(
                                socket.AF_INET6, "2001:db8::1"), 2, begun)

    @on(cables=2, alone=True, ipv6=True, lagg={"aliases": ["192.0.2.1/24", "2001:db8::1/64"]})
    def test_75_only_the_lagg_answers(self):
        """An address of the lagg is answered once, from the lagg's address, whichever port is
        asked."""
        self.bench.bring_up()
        mac = bytes.fromhex(self.bench.told()["mac"].replace(":", ""))
        self.bench.ready_client()
        self.assertNotEqual(mac, interface_address(self.hall.inside, self.bench.names[1]))
        arps = [tester.capture(ARP) for tester in self.bench.testers]
        for tester in self.bench.testers:
            begun = time.time()
            tester.capture(ARP).send(
                b"\xff" * 6 + tester.source + struct.pack(">HHHBBH", ARP, 1, IPV4, 6, 4, 1)
                + tester.source + bytes((192, 0, 2, 9)) + bytes(6) + bytes((192, 0, 2, 1)))
            self.bench.wait("an answer", lambda _: any(port.since(begun) for port in arps), 2)
            time.sleep(0.3)
            answers = [frame for port in arps for frame in port.since(begun)]
            self.assertEqual([(answer.source, answer.data[20:22], answer.data[22:28])
                              for answer in answers], [(mac, b"\0\2", mac)])

    @long
    @on(alone=True)
    @twin("Simulation.KeepsItsPromisesAndAgreesAgain")
    def test_76_soak(self):
        """TCP through cables that are pulled all the while: no lost buffer, no growth, no stuck
        port."""
        if absent := missing():
            self.skipTest(f"not installed: {' '.join(absent)}")
        done = subprocess.run([sys.executable, ROOT / "scripts" / "soak", "--gigabytes", "2"],
                              env={**os.environ, "LAGGD": str(programs.laggd),
                                   "LAGGCTL": str(programs.laggctl)},
                              timeout=900, check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}{done.stderr}")


if __name__ == "__main__":
    main()
