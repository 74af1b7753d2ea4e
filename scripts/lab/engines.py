"""Engines to be measured as whole programs: laggd, and DPDK's bonding driver in testpmd.

Both forward between an upper device and the members of a lagg, with workers pinned to the same
cores. Only one runs at a time; the others are stopped (SIGSTOP), so that turns cost no start. What
counts are frames sent, as each engine counts them, and the time its workers had on their cores.
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from .bench_machine import follow
from .command import LabError, Program, wait_for
from .laggd import Laggd, config_text

BUFFERS = 16384
# MiB of memory that a testpmd and a generator get; laggd finds out itself, see laggd_pages().
TESTPMD_MB, GENERATOR_MB = 128, 112
LAGGD_MB = 320


def pages(*sizes):
    """Huge pages of 2 MiB for so many MiB."""
    return sum(-(-size // 2) for size in sizes)


def memory_words(huge, size):
    """EAL's arguments for memory of its own, in huge pages or without."""
    return ["-m", str(size), *(["--in-memory"] if huge else ["--no-huge", "--no-shconf"])]


def preloaded(libraries):
    """The environment of a program that gets libraries ahead of its own."""
    return {"LD_PRELOAD": ":".join(map(str, libraries))} if libraries else {}


def core_ns(pid, threads):
    """Nanoseconds that those threads of a process, by their kernel names, had on a core."""
    total, found = 0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() in threads:
            total += int((task / "schedstat").read_text().split()[0])
            found += 1
    if found != len(threads):
        raise LabError(f"of the threads {', '.join(threads)} of process {pid} only {found} were "
                       "found")
    return total


class Engine:
    """A program that forwards, and perhaps another at the far end of its ports."""

    def __init__(self, name, workers):
        self.name = name
        self.worker_threads = [f"rte-worker-{number}" for number in range(1, len(workers) + 1)]
        self.workers = workers
        self.generator = None

    def _programs(self):
        """The generator first: a virtio-user device does not survive the end of its vhost."""
        return [program for program in (self.generator, self.program) if program is not None]

    def _signal(self, number):
        for program in self._programs():
            program.must_live()
            program.process.send_signal(number)

    def pause(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def end(self):
        """Ends all of it, also what is stopped or half started."""
        for program in self._programs():
            if program.alive:
                program.process.send_signal(signal.SIGCONT)
        for program in self._programs():
            program.stop(signal.SIGTERM)

    def reading(self, sent_by):
        """(frames sent, seconds on the wall's clock, ns of all workers on their cores)"""
        return self.sent(sent_by), time.monotonic(), core_ns(self.pid, self.worker_threads)


class LaggdEngine(Engine):
    """laggd with one lagg whose upper side is a port; it tells its counters over its API."""

    def __init__(self, directory, programs, preload, workers, upper, members, huge):
        super().__init__("laggd", workers)
        self.directory = Path(directory)
        self.directory.mkdir()
        names = [f"p{number}" for number in range(len(members))]
        self.daemon = Laggd(None, self.directory, programs, names)
        self.daemon.config.write_text(config_text(
            {"workers": workers, "poll": "busy", "memory": "hugepages" if huge else "none",
             "buffers": BUFFERS, "api": str(self.daemon.socket), "log": "warning"},
            [{"name": name, "device": device}
             for name, device in zip([*names, "up"], [*members, upper])],
            [{"name": "lagg0", "protocol": "loadbalance", "hash": {"policy": "layer3+4", "seed": 1},
              "ports": names, "upper": "port:up"}]))
        argv = [str(programs.laggd), "-c", str(self.daemon.config)]
        self.program = self.daemon.program = Program("laggd", argv, self.daemon.log,
                                                     preloaded(preload))
        follow(self.pid)

    @property
    def pid(self):
        return self.program.pid

    def wait_ready(self):
        self.daemon.wait_distributing(self.daemon.interfaces, 20)

    def wait_listening(self):
        wait_for("laggd's API", lambda: self.program.must_live() and self.daemon.get(), 20)

    def sent(self, sent_by):
        lagg = self.daemon.lagg()
        if lagg is None:
            raise LabError(f"laggd does not answer; it said:\n{self.daemon.said()}")
        ports = lagg["ports"] if sent_by == "members" else [{"counters": lagg["counters"]}]
        return sum(port["counters"]["tx_packets"] for port in ports)


class TestPmdEngine(Engine):
    """testpmd in io mode between a device and net_bonding over the members; layer 3+4, in mode 2
    (balance) or 4 (802.3ad), which collects and distributes without a partner by the help of
    `preload`."""

    __test__ = False

    def __init__(self, name, mode, directory, preload, workers, upper, members, huge):
        """The first of `preload` is the library that helps, and also lets members be without a way
        to change their address."""
        super().__init__(name, workers)
        self.directory = Path(directory)
        self.directory.mkdir()
        # DPDK 22.11's own word for a member.
        bond = f"net_bonding0,mode={mode},xmit_policy=l34," + ",".join(
            f"slave={device.split(',')[0]}" for device in members)
        queues = str(len(workers))
        self.upper, self.bond = len(members), len(members) + 1
        anywhere = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        lcores = ",".join([f"0@({anywhere})",
                           *(f"{number}@{core}" for number, core in enumerate(workers, 1))])
        argv = ["stdbuf", "-oL", "dpdk-testpmd", "--lcores", lcores, "--main-lcore", "0",
                "--no-pci", "--no-telemetry",
                "--file-prefix", "lagg_bench", *memory_words(huge, TESTPMD_MB),
                *(word for device in [*members, upper, bond] for word in ("--vdev", device)),
                "--", "-i", "--auto-start", "--forward-mode=io",
                f"--portlist={self.upper},{self.bond}",
                f"--total-num-mbufs={BUFFERS}", f"--nb-cores={queues}", f"--rxq={queues}",
                f"--txq={queues}", "--rxd=1024", "--txd=1024"]
        self.program = Program("dpdk-testpmd", argv, self.directory / "testpmd.out",
                               preloaded(preload), subprocess.PIPE)
        follow(self.pid)

    @property
    def pid(self):
        return self.program.pid

    def wait_listening(self):
        wait_for("testpmd forwarding", lambda: self.program.must_live() and
                 "io packet forwarding" in self.program.log.read_text(errors="replace"), 20)

    def wait_ready(self):
        def active():
            text = self._ask(f"show bonding config {self.bond}", "Primary:")
            match = re.search(r"Active \w+ \((\d+)\)", text)
            return match and int(match[1]) == self.upper  # members are the devices before it

        wait_for("net_bonding using every member", active, 20)

    def _ask(self, line, until):
        log = self.program.log
        before = log.stat().st_size
        self.program.process.stdin.write((line + "\n").encode())
        self.program.process.stdin.flush()

        def answer():
            self.program.must_live()
            text = log.read_bytes()[before:].decode(errors="replace")
            return text if until in text else None

        return wait_for(f"testpmd's answer to '{line}'", answer, 10, every=0.002)

    def sent(self, sent_by):
        device = self.bond if sent_by == "members" else self.upper
        # Printed after the number, which is then whole.
        text = self._ask(f"show port stats {device}", "Tx-bps")
        return int(re.search(r"TX-packets:\s*(\d+)", text)[1])


def start_generator(directory, program, core, devices, send, take, flows, huge):
    """The program at the far end of an engine's ports: `send` and `take` name devices of its
    own."""
    argv = [str(program), "--lcores", f"0@{core}", "--no-pci", "--no-telemetry", "--file-prefix",
            "lagg_generator",
            *memory_words(huge, GENERATOR_MB), *(["--single-file-segments"] if huge else []),
            *(word for device in devices for word in ("--vdev", device)),
            "--", str(flows), "send", *send, "take", *take]
    generator = Program("traffic_generator", argv, Path(directory) / "generator.out")
    follow(generator.pid)
    return generator
