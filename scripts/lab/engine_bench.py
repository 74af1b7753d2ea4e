"""Whole engines: laggd opposite testpmd with net_bonding, the same devices, cores and frames.

Rows are named engine/WHO/DEVICES/layer3+4/members:4/DIRECTION; "down" is from the upper device to
the members, "up" the other way. Everything is measured in turns, A B A B, for as long as it takes.

What comes from members laggd reads, to take frames of slow protocols out. net_bonding does so in
mode 4 (802.3ad), which is the peer there; mode 2, which hands frames on unread, is shown beside
it.
"""

import json
import os
import re
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from .bench_machine import HugePages
from .command import LabError, run, wait_for
from .engines import (GENERATOR_MB, LAGGD_MB, TESTPMD_MB, LaggdEngine, TestPmdEngine, pages,
                      start_generator)

OURS = "laggd"
# net_bonding by the names of its rows: DPDK's number of the mode.
MODES = {"net_bonding": 2, "net_bonding-802.3ad": 4}
WHO = {"down": (OURS, "net_bonding"), "up": (OURS, "net_bonding-802.3ad", "net_bonding")}
MEMBERS = 4
FLOWS = 1024
# Frames that go round in each ring: their headers stay in the second-level cache.
RING_FRAMES = 512
WARM_UP_SECONDS = 0.3
WORKER_CORE, OTHER_CORE = 0, 1
# Notes for the reader, by a pattern of the names of parts().
NOTES = {
    "net_ring": "in the rows of net_ring frames go round by themselves, 512 of as many flows in "
                "each ring, and all engines run in one process",
    "net_ring|up": "of what comes in (up) laggd reads every frame, to find those of slow "
                   "protocols; net_bonding in mode 4 (net_bonding-802.3ad) does the same, and the "
                   "target is set beside it; net_bonding in mode 2 reads none and hands pointers "
                   "on, so that laggd's times beside it have no target",
    "(null|memif|vhost).*/up": "net_bonding-802.3ad has no partner in testpmd, and is told to "
                               "collect by DPDK's calls for a protocol elsewhere, which the "
                               "library that is loaded ahead of it makes",
    "net_null/": "net_null makes frames of 64 zeros, which are not IP: all of them are one flow "
                 "and leave through one member, and what is measured is the engine around the hash "
                 "rather than the hash; laggd hashes their MACs and type, where net_bonding's l34 "
                 "gives frames that are not IP one hash",
    "net_null-ipv4": "in the rows of net_null-ipv4 the buffers that net_null hands out as they are "
                     "were filled with 64-byte IPv4/UDP of 1024 flows before, by a library loaded "
                     "ahead of each engine's own",
    "net_ring|workers": "two workers use both cores of a machine of two; what else runs there "
                        "takes from them",
    "memif|vhost": "frames of memif and vhost-user come from a generator on the other core, "
                   "64-byte IPv4/UDP of 1024 flows; where the generator is the slower side, or its "
                   "core is taken by others, the cycles of these rows hold waiting as well",
}


def null_devices(direction):
    """(upper, members): only one end makes frames; the other one just takes them."""
    upper = "net_null9" + (",no-rx=1" if direction == "up" else "")
    members = [f"net_null{number}" + (",no-rx=1" if direction == "down" else "")
               for number in range(MEMBERS)]
    return upper, members


class Far:
    """Devices that lead to a generator: those of the engine, and the generator's own."""

    def __init__(self, kind, directory):
        self.kind = kind
        path = Path(directory)
        if kind == "memif":
            near, far = ([f"net_memif{number},role={role},id={number},"
                          f"socket={path}/memif.sock,socket-abstract=no"
                          for number in range(MEMBERS + 1)] for role in ("server", "client"))
        else:
            near = [f"net_vhost{number},iface={path}/vhost{number}.sock,queues=1"
                    for number in range(MEMBERS + 1)]
            far = [f"net_virtio_user{number},path={path}/vhost{number}.sock,queues=1,"
                   "queue_size=1024"
                   for number in range(MEMBERS + 1)]
        self.members, self.upper = near[:MEMBERS], near[MEMBERS]
        self.devices = far
        self.names = [device.split(",")[0] for device in far]

    def ways(self, direction):
        """Which of the generator's devices send and which take."""
        members, upper = self.names[:MEMBERS], self.names[MEMBERS:]
        return (upper, members) if direction == "down" else (members, upper)


def measure(engine, sent_by, options):
    """One turn of one engine: its figures, without a name."""
    engine.resume()
    time.sleep(WARM_UP_SECONDS)
    packets, wall, core = engine.reading(sent_by)
    time.sleep(options.seconds)
    packets_after, wall_after, core_after = engine.reading(sent_by)
    engine.pause()
    passed = packets_after - packets
    if passed == 0:
        raise LabError(f"{engine.name} forwards nothing")
    return {"cycles_per_packet": (core_after - core) * 1e-9 * options.tsc_hz / passed,
            "packets_per_second": passed / (wall_after - wall)}


def in_turns(engines, direction, options):
    """Samples of all engines, {name: engine}; which one is first changes from round to round."""
    samples = []
    for turn in range(options.rounds):
        names = list(engines)
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            sent_by = "members" if direction == "down" else "upper"
            samples.append({"name": name, "round": turn,
                            **measure(engines[name], sent_by, options)})
    return samples


class Stand:
    """A place for engines: a directory of its own, and everything ended when the block ends."""

    def __init__(self, options, huge, libraries=()):
        """`libraries` are loaded ahead of those of every engine."""
        self.options = options
        self.huge = huge
        self.libraries = list(libraries)
        self._stack = ExitStack()

    def __enter__(self):
        self.directory = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="lagg-bench-")))
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def _make(self, who, place, cores, upper, members):
        if who == OURS:
            engine = LaggdEngine(place, self.options.programs, self.libraries, cores, upper,
                                 members, self.huge)
        else:
            libraries = [self.options.testpmd_help, *self.libraries]
            engine = TestPmdEngine(who, MODES[who], place, libraries, cores, upper, members,
                                   self.huge)
        self._stack.callback(engine.end)
        engine.wait_listening()
        return engine

    def alone(self, who, upper, members, cores=(WORKER_CORE,)):
        """An engine whose devices lead nowhere; ready, and stopped."""
        engine = self._make(who, self.directory / f"{who}{len(cores)}", list(cores), upper, members)
        engine.wait_ready()
        engine.pause()
        return engine

    def with_generator(self, who, kind, direction):
        """An engine with a generator at the far end of its ports; ready, and both stopped."""
        place = self.directory / f"{who}-far"
        place.mkdir()
        far = Far(kind, place)
        engine = self._make(who, place / "engine", [WORKER_CORE], far.upper, far.members)
        send, take = far.ways(direction)
        generator = start_generator(place, self.options.generator, OTHER_CORE, far.devices, send,
                                    take, FLOWS, self.huge)
        engine.generator = generator
        wait_for(f"links of {kind} between {who} and the generator",
                 lambda: generator.must_live() and
                 "running" in generator.log.read_text(errors="replace"), 20)
        engine.wait_ready()
        engine.pause()
        return engine


def bench_null(direction, options, huge, filled=False):
    with Stand(options, huge, [options.filled_buffers] if filled else []) as stand:
        frames = "net_null-ipv4" if filled else "net_null"
        return in_turns({f"engine/{who}/{frames}/layer3+4/members:{MEMBERS}/{direction}":
                         stand.alone(who, *null_devices(direction)) for who in WHO[direction]},
                        direction, options)


def bench_scaling(options, huge):
    """laggd alone, with one worker and with two, each with a queue of every device."""
    with Stand(options, huge) as stand:
        return in_turns(
            {f"engine/laggd/net_null/layer3+4/members:{MEMBERS}/down/workers:{len(cores)}":
                         stand.alone(OURS, *null_devices("down"), cores)
                         for cores in ((WORKER_CORE,), (WORKER_CORE, OTHER_CORE))}, "down", options)


def full_share(generator):
    """In which share of a generator's bursts the engine had no room for more, as it tells at its
    end."""
    told = re.search(r"refused (\d+) of (\d+) bursts", generator.log.read_text(errors="replace"))
    return f"{100 * int(told[1]) / max(1, int(told[2])):.0f} %" if told else "an unknown share"


def bench_far(kind, direction, options, huge):
    with Stand(options, huge) as stand:
        engines = {f"engine/{who}/{kind}/layer3+4/members:{MEMBERS}/{direction}":
                   stand.with_generator(who, kind, direction) for who in WHO[direction]}
        samples = in_turns(engines, direction, options)
        for engine in engines.values():
            engine.end()
        full = [f"{engine.name} in {full_share(engine.generator)}" for engine in engines.values()]
        options.notes.append(f"{kind}/{direction}: the engine was the slower side, with no room "
                             f"for more, {', '.join(full)} of the generator's bursts")
        return samples


def ring_bench(options, huge, rounds):
    argv = [str(options.ring_bench), str(rounds), str(options.seconds), str(RING_FRAMES),
            "hugepages" if huge else "no-huge"]
    return json.loads(run(argv, timeout=60 + 20 * rounds * (options.seconds + 1)))


def parts(options):
    """What there is to be measured: {name: a function of huge pages being there}, the name for
    --filter."""
    def far(kind, direction):
        return lambda huge: bench_far(kind, direction, options, huge)

    table = {"net_ring": lambda huge: ring_bench(options, huge, options.rounds)["rows"],
             "net_null/down": lambda huge: bench_null("down", options, huge),
             "net_null/up": lambda huge: bench_null("up", options, huge),
             "net_null-ipv4/down": lambda huge: bench_null("down", options, huge, filled=True),
             "net_null-ipv4/up": lambda huge: bench_null("up", options, huge, filled=True)}
    if OTHER_CORE < len(os.sched_getaffinity(0)):
        table["net_null/workers"] = lambda huge: bench_scaling(options, huge)
        for kind in ("vhost-user", "memif"):
            for direction in ("down",) if options.quick else ("down", "up"):
                table[f"{kind}/{direction}"] = far(kind, direction)
    return table


def engine_samples(options, say):
    """All of it, but for what does not fit options.filter. A part that fails is told by `say`, and
    the others go on: (samples, notes, whether all parts succeeded)."""
    samples, whole = [], True
    notes = options.notes = []
    with HugePages(pages(LAGGD_MB, 2 * TESTPMD_MB, 3 * GENERATOR_MB)) as memory:
        notes.append("engines ran with huge pages" if memory.there else
                     "engines ran without huge pages, both of each pair: run it as root on a "
                     "machine with memory for them")
        options.tsc_hz = ring_bench(options, False, 0)["tsc_hz"]
        for name, bench in parts(options).items():
            if options.filter and not re.search(options.filter, f"engine/{name}"):
                continue
            say(f"engine: {name}")
            notes += [note for pattern, note in NOTES.items() if re.search(pattern, name)
                      and note not in notes]
            try:
                samples += bench(memory.there)
            except LabError as error:
                whole = False
                say(f"engine: {name} could not be measured: {error}")
                notes.append(f"{name} could not be measured: {str(error).splitlines()[0]}")
    return samples, notes, whole
