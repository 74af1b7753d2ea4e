"""Checks 65 to 70: the Marker protocol."""

import os
import signal
import time
from itertools import product
from pathlib import Path

from check import LARGE_RINGS, Check, main, on, twin
from frames import number_of, with_octets, udp_frame, udp_number
from tester import UP
from wire import DESTINATION, LENGTH

from lab.command import wait_for

ANSWERS = 0.1  # s
IPV4 = 0x0800
FRAMES, ROUNDS = 300, 3
STARVED = 0.15  # s
TLV_LENGTH = 17
FLOWS, RATE = 32, 800
ANSWER_DELAY = 0.03  # s; D waits for 50 ms


class MarkerChecks(Check):
    def setUp(self):
        super().setUp()
        self.bench.connect()

    def counted(self):
        lacp = self.bench.lacp_of()
        return {key: lacp[key] for key in ("marker_pdus_rx", "marker_response_pdus_rx",
                                           "marker_response_pdus_tx", "illegal_rx")}

    def assert_grown(self, before, **grown):
        want = {key: value + grown.get(key, 0) for key, value in before.items()}
        self.bench.wait(f"counters {want}", lambda _: self.counted() == want, 2)

    @twin("MarkerResponder.AnswersWithTheSameTransactionFromThePortsOwnAddress")
    def test_65_response(self):
        """A Marker is answered within 100 ms, with its own port, system and transaction."""
        system = bytes.fromhex("0a0b0c0d0e0f")
        begun = self.t.send_marker(0xdeadbeef, port=0x1234, system=system)
        answer = self.t.wait_marker(0xdeadbeef, 1, begun)
        self.assertLess(answer.at - begun, ANSWERS)
        self.assertEqual(answer.requester, (0x1234, system))
        self.assertEqual(answer.destination, DESTINATION)
        self.assertEqual(answer.source.hex(":"), self.bench.port()["mac"])
        self.assertEqual(answer.data[12:18].hex(), "8809" "0201" "0210")
        self.assertEqual((len(answer.data), answer.data[30:]), (LENGTH, bytes(LENGTH - 30)))

    @twin("MarkerResponder.AnswersFiveInASecondAndStopsBelowTheSlowProtocolsLimit")
    def test_66_five_in_a_second(self):
        """Five Markers in a second: five Responses."""
        begun = time.time()
        for number in range(5):
            self.t.send_marker(number)
            time.sleep(0.15)
        for number in range(5):
            self.t.wait_marker(number, 1, begun)
        self.assertEqual(len(self.t.markers(begun)), 5)

    @twin("MarkerResponder.NeverAnswersAResponse")
    def test_67_responses_are_not_answered(self):
        """A Response nobody asked for is counted and not answered."""
        before = self.counted()
        begun = self.t.send_marker(1, kind=2)
        self.assert_grown(before, marker_response_pdus_rx=1)
        self.assert_never("an answer", lambda: self.t.markers(begun), 1)

    def workers(self):
        """Their threads, all of them on one core from now on."""
        tasks = Path(f"/proc/{self.hall.laggd.get()['pid']}/task")
        found = sorted(int(task.name) for task in tasks.iterdir()
                       if "worker" in (task / "comm").read_text())
        for worker in found:
            os.sched_setaffinity(worker, {min(os.sched_getaffinity(0))})
        return found

    def schedule(self, worker, policy):
        os.sched_setscheduler(worker, policy, os.sched_param(0))

    # By which queue a Marker comes in is the kernel's secret until it boots again, and the worker
    # that sends the Response is the first. Among two, three and four queues there is one count
    # with which the Marker is the first worker's too while the second is behind.
    @on(cables=3, alone=True, daemon={"workers": [0, 1], "poll": "busy"},
        ports={n: {"device": f"net_af_packet_p0x{n},iface=p0x{n},{LARGE_RINGS},qpairs={n + 1}"}
               for n in (1, 2, 3)})
    @twin("Marker.IsAnsweredAfterAllThatCameBeforeItOnEveryQueue")
    def test_68_response_after_the_data(self):
        """The Response leaves only after the data before the Marker was delivered, over all
        queues."""
        for tester in self.bench.testers:
            tester.tell(state=UP)
        for tester in self.bench.testers:
            tester.wait_bits(UP, 4)
        delivered, workers = self.bench.ready_client().capture(IPV4), self.workers()
        self.assertEqual(len(workers), 2)
        lead = [self.lead_of_data(tester, worker, number, delivered) for number, (tester, worker, _)
                in enumerate(product(self.bench.testers, workers, range(ROUNDS)))]
        print(f"check 68: Responses came {min(lead) * 1e3:.2f} to {max(lead) * 1e3:.2f} ms after "
              "the last frame was delivered", flush=True)
        self.assertGreater(min(lead), 0)

    def lead_of_data(self, tester, starved, number, delivered):
        """Frames, then a Marker, all of them in the queues before laggd runs on, and with one
        worker that hardly does; by how many seconds the last frame came earlier than the
        Response."""
        process = self.hall.laggd.get()["pid"]
        self.schedule(starved, os.SCHED_IDLE)
        os.kill(process, signal.SIGSTOP)
        for frame in range(FRAMES):
            tester.send(udp_frame(tester.source, number * FRAMES + frame, port=5000 + frame % 32))
        begun = tester.send_marker(number)
        os.kill(process, signal.SIGCONT)
        time.sleep(STARVED)
        self.schedule(starved, os.SCHED_OTHER)
        answer = tester.wait_marker(number, 3, begun)
        wanted = set(range(number * FRAMES, (number + 1) * FRAMES))

        def times():
            return {udp_number(frame): frame.at for frame in delivered.since(begun - 2)
                    if udp_number(frame) in wanted}
        wait_for("all of the frames", lambda: set(times()) == wanted, 3)
        return answer.at - max(times().values())

    def moves(self):
        """Flows over the first port while a second one comes; (sent, arrived on each, end)."""
        self.t.speak(state=UP)
        self.t.wait_bits(UP, 4)
        arrived = [tester.capture() for tester in self.bench.testers]
        with self.bench.ready_client().stream(flows=FLOWS, rate=RATE) as stream:
            time.sleep(0.3)
            self.u.speak(state=UP)
            self.u.wait_bits(UP, 4)
            time.sleep(1)
        time.sleep(0.1)
        return stream.sent, [capture.since() for capture in arrived]

    def assert_nothing_lost_or_reordered(self, sent, arrived):
        frames = sorted((frame.at, *number_of(frame)) for port in arrived for frame in port)
        self.assertEqual(sorted(frame[1:] for frame in frames), sorted(frame[1:] for frame in sent))
        last = {}
        for _, flow, number in frames:
            self.assertGreater(number, last.get(flow, -1), f"flow {flow} was reordered")
            last[flow] = number

    @on(cables=2, arguments=LARGE_RINGS)
    @twin("Moving.APortThatComesGetsItsShareAfterTheOthersAnswered")
    def test_69_moves_after_the_response(self):
        """Flows that move wait for the Response on the old port; nothing is lost, none
        overtakes."""
        self.t.answer_markers(ANSWER_DELAY)
        sent, arrived = self.moves()
        markers = [frame for frame in self.t.markers() if not frame.is_response]
        self.assertGreaterEqual(len(markers), 1)
        self.assertEqual(markers[0].requester, (self.t.known.port, self.t.known.system))
        self.assert_nothing_lost_or_reordered(sent, arrived)
        moved = {number_of(frame)[0] for frame in arrived[1]}
        self.assertGreater(len(moved), FLOWS // 4)
        self.assertGreaterEqual(arrived[1][0].at, markers[0].at + ANSWER_DELAY)
        on_the_old = [frame.at for frame in arrived[0] if number_of(frame)[0] in moved]
        self.assertLess(max(on_the_old), markers[0].at)
        others = [frame for frame in arrived[0] if number_of(frame)[0] not in moved
                  and markers[0].at < frame.at < arrived[1][0].at]
        self.assertGreater(len(others), 0, "flows that do not move were held back too")

    @on(cables=2, arguments=LARGE_RINGS)
    @twin("Moving.APartnerThatNeverAnswersIsWaitedForOnce")
    def test_69_moves_without_a_response(self):
        """Without a Response the flows move all the same, after 3 s at the latest."""
        sent, arrived = self.moves()
        asked = next(frame for frame in self.t.markers() if not frame.is_response)
        self.assert_nothing_lost_or_reordered(sent, arrived)
        self.assertLess(arrived[1][0].at - asked.at, 3)

    @twin("MarkerResponder.CountsMalformedMarkersAsIllegal")
    def test_70_malformed(self):
        """A Marker with a wrong TLV length or cut short is dropped and counted."""
        before = self.counted()
        begun = self.t.send_marker(1, length=17)
        self.t.send_marker(2, length=0)
        self.t.send_marker(3, kind=3)
        whole = self.t.marker(4)
        for length in (LENGTH - 1, 60, 18):
            self.t.send(whole[:length])
        self.t.send(with_octets(whole, **{f"at_{TLV_LENGTH}": 0xff}))
        self.assert_grown(before, illegal_rx=7)
        self.assertEqual(self.t.markers(begun), [])


if __name__ == "__main__":
    main()
