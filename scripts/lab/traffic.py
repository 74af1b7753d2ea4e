"""Traffic: pings whose longest silence can be measured, and TCP with many flows."""

import json
import re
import signal
import time

from .command import LabError, Program, run, wait_for

INTERVAL = 0.01
REPLY = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+) .*?(\(DUP!\))?$")
SENT = re.compile(r"^(\d+) packets transmitted", re.M)


def answers(namespace, target, count=3, timeout=5.0):
    """How many of `count` pings came back."""
    text = namespace.run(["ping", "-n", "-c", str(count), "-i", "0.05", "-W", "0.5", target],
                         timeout=timeout, check=False)
    match = re.search(r"(\d+) received", text)
    return int(match[1]) if match else 0


class PingStream:
    """One ping every 10 ms from the address `source` to `target`, until stopped."""

    def __init__(self, namespace, source, target, log, interval=INTERVAL):
        self.interval = interval
        self.name = f"{source} to {target}"
        self.program = Program(f"ping {target}", namespace.argv(
            ["ping", "-n", "-D", "-i", str(interval), "-I", source, target]), log)

    def stop(self):
        """Ends the stream, and reads what came of it. A last moment is left for replies on their
        way."""
        self.program.stop(signal.SIGINT, timeout=5)
        return PingResult(self.name, self.interval, self.program.log.read_text(errors="replace"))


class PingResult:
    """What became of one stream. Times are those of time.time()."""

    def __init__(self, name, interval, text):
        self.name = name
        self.interval = interval
        self.replies = []     # times of first copies
        self.duplicates = []  # times of further copies
        self.answered = {}    # sequence number: time of the reply
        for line in text.splitlines():
            if match := REPLY.match(line):
                when, number = float(match[1]), int(match[2])
                again = match[3] or number in self.answered
                (self.duplicates if again else self.replies).append(when)
                self.answered.setdefault(number, when)
        sent = SENT.search(text)
        self.sent = int(sent[1]) if sent else None

    def outage(self, start, end):
        """The longest time in seconds without a reply that overlaps [start, end], less the interval
        at which replies come anyway. Without any reply at all: the whole of it."""
        before = max((when for when in self.replies if when <= start), default=start)
        after = min((when for when in self.replies if when >= end), default=end)
        times = [before, *(when for when in self.replies if start < when < end), after]
        longest = max(late - early for early, late in zip(times, times[1:]))
        return max(0.0, longest - self.interval)

    def lost(self, start, end):
        """How many pings sent within [start, end] were never answered. When they were sent is taken
        from the last answered ping before them, so the bounds are right to a few milliseconds."""
        count = 0
        at, last = start, 0
        for number in range(1, (self.sent or 0) + 1):
            if number in self.answered:
                at, last = self.answered[number], number
            else:
                count += start <= at + (number - last) * self.interval <= end
        return count


class PingStreams:
    """Several streams at once, so that every cable carries some of them in each direction."""

    def __init__(self, pairs, directory):
        """`pairs`: (namespace, source address, target address) each."""
        self.results = []
        stamp = time.monotonic_ns()
        self.streams = [PingStream(*pair, directory / f"ping-{stamp}-{number}.out")
                        for number, pair in enumerate(pairs)]

    def wait_until_answered(self, timeout=5.0):
        """Every stream had a reply."""
        wait_for("a first reply in every ping stream",
                 lambda: all("icmp_seq=" in stream.program.log.read_text(errors="replace")
                             for stream in self.streams), timeout)

    def stop(self):
        """Idempotent: the results are kept."""
        if not self.results:
            self.results = [stream.stop() for stream in self.streams]
        return self.results

    def worst_outage(self, start, end):
        """(seconds, name of the stream)"""
        return max((result.outage(start, end), result.name) for result in self.results)

    def lost(self, start, end):
        """(pings never answered, streams they belong to)"""
        lost = [result.lost(start, end) for result in self.results]
        return sum(lost), sum(count > 0 for count in lost)

    def duplicates(self, spared=None):
        """How many replies came more than once; those within the interval `spared` do not count."""
        start, end = spared or (0, 0)
        return sum(not start <= when <= end
                   for result in self.results for when in result.duplicates)

    @property
    def sent(self):
        return sum(result.sent or 0 for result in self.results)


class TcpServer:
    """An iperf3 server for as long as it is kept."""

    def __init__(self, namespace, log, port=5201, patience=5):
        self.program = Program("iperf3 -s", namespace.argv(["iperf3", "-s", "-p", str(port)]), log)
        self.port = port
        wait_for("the iperf3 server", lambda: self.program.must_live() and "listening" in
                 namespace.run(["sh", "-c", f"ss -Hltn sport = :{port} | sed s/.*/listening/"],
                               2 * patience), patience)

    def stop(self):
        self.program.stop(signal.SIGTERM, timeout=2)


def tcp(namespace, target, port=5201, flows=32, seconds=2, backwards=False):
    """TCP from here to `target`, or from there to here; {"mbps", "retransmits", "flows"}."""
    return _iperf(namespace, target, port, flows, seconds, ["-R"] if backwards else [],
                  lambda end: _one_way(end, end["streams"], ""))


def tcp_both_ways(namespace, target, port=5201, flows=32, seconds=2, patience=15):
    """TCP from here to `target` and at the same time back; what tcp() says of each. `patience` is
    for how many seconds the programs may take longer than the traffic."""
    def both(end):
        return tuple(_one_way(end, [stream for stream in end["streams"]
                                    if stream["sender"]["sender"] == ours], suffix)
                     for ours, suffix in ((True, ""), (False, "_bidir_reverse")))

    return _iperf(namespace, target, port, flows, seconds, ["--bidir"], both, patience)


def _iperf(namespace, target, port, flows, seconds, more, told, patience=15):
    """What `told` makes of the end of iperf3's report."""
    # Small windows: many flows with large ones only overflow the short socket buffers behind which
    # user-space switches read.
    argv = ["iperf3", "-J", "-c", target, "-p", str(port), "-P", str(flows), "-t", str(seconds),
            *(["-w", "16K"] if flows > 1 else []), "--connect-timeout", "3000", *more]
    text = namespace.run(argv, timeout=seconds + patience, check=False)
    try:
        report = json.loads(text)
        if "error" in report:
            raise LabError(f"iperf3 to {target}: {report['error']}")
        return told(report["end"])
    except (ValueError, KeyError) as error:
        raise LabError(f"iperf3 to {target} gave no report: {text[-300:]}") from error


def _one_way(end, streams, suffix):
    return {"mbps": end[f"sum_received{suffix}"]["bits_per_second"] / 1e6,
            "retransmits": end[f"sum_sent{suffix}"].get("retransmits", 0),
            "flows": sum(stream["receiver"]["bytes"] > 0 for stream in streams)}
