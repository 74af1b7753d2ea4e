"""Builds, runs every benchmark opposite DPDK's bonding driver, and writes down what came out."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))

from lab import bench_machine, bench_page, bench_results, performance_page  # noqa: E402
from lab.command import LabError, run  # noqa: E402
from lab.engine_bench import engine_samples  # noqa: E402
from lab.failover_bench import CABLE_BENCH, RING_BENCH, failover_samples  # noqa: E402
from lab.laggd import Programs  # noqa: E402

ABOUT = """\
Measures laggd and DPDK's net_bonding in turns: how a burst is distributed, how evenly, whole
engines over net_null, net_ring, vhost-user and memif, and what becomes of frames while cables are
pulled. Ends with a table of how many times as fast laggd is, and replaces the figures in
docs/performance.md when all parts were measured. Cycles are of the time a worker really had on
its core, so that they and their quotients bear a busy machine better than packets a second do. The
exit code is 0 when all was measured, whatever came out; with --strict also every target has to be
met."""

# Every benchmark program there is; first those of Google Benchmark.
MICRO = {"frame": "bench/frame_bench", "distribute": "bench/distribute_bench",
         "collect": "bench/collect_bench"}
# Those whose rows decide themselves when they have measured enough, and that go --backwards.
OF_ROWS = ("distribute", "collect")
EVENNESS = "bench/evenness_bench"
ENGINE = ["laggd/laggd", "laggctl/laggctl", "bench/engine/ring_bench",
          "bench/engine/traffic_generator",
          "bench/engine/libtestpmd_help.so", "bench/engine/libfilled_buffers.so"]
FAILOVER = ["laggd/laggd", "laggctl/laggctl", RING_BENCH, CABLE_BENCH]
# Nice value of --ahead.
AHEAD = -15
PARTS = ("micro", "evenness", "engine", "failover")
# The headline rows, which --quick runs of MICRO: what has a target, of the policies used most. The
# expressions are Google Benchmark's, which has no word for a digit.
HEADLINE = (r"^distribute/[a-z_]+/"
            r"(layer2|layer2\+3|layer3\+4|roundrobin|failover|broadcast|bpf:.*|filters:.*)/"
            r"members:4/burst:32/flows:1024/hot(|/ipv6|/vlan)$|"
            r"^distribute/laggd/layer(2|2\+3|3\+4)/members:4/burst:32/flows:[0-9]+/hot$|"
            r"^distribute/laggd/layer(2|2\+3|3\+4)/members:[0-9]+/burst:32/flows:1024/hot$|"
            r"/layer3\+4/.*/captured$|"
            r"^collect/[a-z_]+/[a-z]+/members:4/burst:32/hot$")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="the headline rows only, in five minutes or so")
    parser.add_argument("--filter", metavar="REGEX", help="only rows whose name this is found in; "
                                                          "of engines the parts engine/net_ring, "
                                                          "engine/net_null/down, ..., and of "
                                                          "failover those without their direction")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--even-if-loaded", action="store_true",
                        help="measure although other processes are busy")
    parser.add_argument("--pcap", metavar="FILE", type=Path, help="a capture whose frames are the "
                                                                  "mixed traffic of distribute "
                                                                  "(default: the one that the "
                                                                  "tests read)")
    parser.add_argument("--ahead", action="store_true", help="let what is measured run ahead of "
                                                             "other processes, which all but stand "
                                                             "still meanwhile (nice -15; for a "
                                                             "busy machine)")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    out = ROOT / "build" / "bench-results"
    for kind, what in (("json", "everything"), ("csv", "the rows"),
                       ("page", "one HTML page with charts")):
        suffix = "html" if kind == "page" else kind
        parser.add_argument(f"--{kind}", metavar="FILE", type=Path, default=out / f"bench.{suffix}",
                            help=f"{what} (default: build/bench-results/bench.{suffix})")
    options = parser.parse_args()
    try:
        re.compile(options.filter or "")
    except re.error as error:
        parser.error(f"--filter '{options.filter}' is no regular expression: {error}")
    if options.pcap and not options.pcap.is_file():
        parser.error(f"--pcap {options.pcap}: there is no such file")
    options.rounds, options.seconds = (3, 1.0) if options.quick else (5, 3.0)
    return options


def wanted(options, part):
    return options.only in (None, part)


def refuse_when_loaded(options):
    """How many cores are busy with what is not ours."""
    busy = bench_machine.busy_cores()
    complaint = bench_machine.complaint(busy)
    if complaint and not options.even_if_loaded:
        raise LabError(complaint)
    if complaint:
        print(f"measuring although other processes keep {busy:.1f} cores busy", flush=True)
    return busy


@contextmanager
def ahead_of_others(wanted_so):
    """Within the block everything we start is more urgent than the rest of the machine."""
    if not wanted_so:
        yield
        return
    try:
        bench_machine.go_ahead(os.getpid(), AHEAD)
    except PermissionError as error:
        raise LabError("--ahead: only root may have a higher priority; run it with sudo, or "
                       "without --ahead") from error
    try:
        yield
    finally:
        bench_machine.go_ahead(os.getpid(), 0)


def build(options):
    """Builds what will run; the build directory."""
    directory = ROOT / os.environ.get("BUILD_DIR", "build")
    if options.no_build:
        return directory
    named = (ROOT / "bench" / "meson.build").read_text()
    # Programs that this tree does not have yet are told of when their turn comes.
    micro = [target for target in MICRO.values() if f"'{Path(target).name}'" in named]
    evenness = [EVENNESS] if f"'{Path(EVENNESS).name}'" in named else []
    targets = [*(micro if wanted(options, "micro") else []),
               *(evenness if wanted(options, "evenness") else []),
               *(ENGINE if wanted(options, "engine") else []),
               *(FAILOVER if wanted(options, "failover") else [])]
    environment = {**os.environ, "TARGETS": " ".join(targets), "OFFLINE": "1"}
    if subprocess.run([SCRIPTS / "build", "-Dbenchmarks=true"], env=environment,
                      check=False).returncode != 0:
        raise LabError("the build failed")
    return directory


def micro_samples(options, directory, say):
    """Samples of the programs of Google Benchmark, and notes.

    A round runs every program once, which measures its rows in their order: what is compared
    stands side by side, and every other round goes backwards."""
    programs = {name: directory / target for name, target in MICRO.items()}
    for name in [name for name, program in programs.items() if not program.exists()]:
        say(f"{programs.pop(name)} is not there and is left out: this tree does not build it")
    samples, notes = [], {}
    rounds = 5 if options.quick else 9
    for turn in range(rounds):
        say(f"micro: round {turn + 1} of {rounds}")
        for name, program in programs.items():
            got, said = run_micro(options, name, program, turn)
            samples += [{**sample, "round": turn} for sample in got]
            notes |= dict.fromkeys(said)
    return samples, list(notes)


def run_micro(options, name, program, turn):
    """Samples of one run of one program, and the notes it prints."""
    arguments = ["--benchmark_min_time=0.02"]
    if name in OF_ROWS:
        arguments = ["--backwards"] if turn % 2 else []
        arguments += ["--pcap", str(options.pcap.resolve())] if options.pcap else []
    rows = options.filter or (HEADLINE if options.quick else ".")
    # Into a file, since what DPDK has to say goes to standard output as well.
    with tempfile.NamedTemporaryFile("r", suffix=".json") as out:
        printed = run([str(program), f"--benchmark_filter={rows}", f"--benchmark_out={out.name}",
                       "--benchmark_out_format=json", *arguments], timeout=1200)
        text = out.read()
    said = [line.removeprefix("note: ")
            for line in printed.splitlines() if line.startswith("note: ")]
    return (bench_results.from_google_benchmark(json.loads(text)) if text.strip() else []), said


def evenness_rows(options, directory, say):
    program = directory / EVENNESS
    if not program.exists():
        say(f"{program} is not there and is left out: this tree does not build it")
        return []
    say("evenness")
    rows = json.loads(run([str(program), "--json"], timeout=3600))["rows"]
    return [row for row in rows if not options.filter or
            re.search(options.filter,
                      f"evenness/{row['pattern']}/{row['policy']}/members:{row['members']}")]


def must_be_built(programs):
    if absent := [program.name for program in programs if not program.exists()]:
        raise LabError(f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not built: "
                       "leave out --no-build")


def measure(options, directory, busy):
    def say(text):
        print(text, flush=True)

    samples, evenness, notes, whole = [], [], [], True
    machine = bench_machine.describe(ROOT, busy)
    if bench_machine.complaint(busy):
        notes.append(f"other processes kept {busy:.1f} cores busy when this began: trust "
                     "quotients more than figures")
    if options.ahead:
        notes.append("what was measured ran ahead of other processes (nice -15)")
    if wanted(options, "micro"):
        of_parts, more = micro_samples(options, directory, say)
        samples += of_parts
        notes += more
    if wanted(options, "evenness"):
        evenness = evenness_rows(options, directory, say)
    if wanted(options, "engine"):
        options.programs = Programs(directory / "bin")
        options.ring_bench, options.generator, options.testpmd_help, options.filled_buffers = (
            directory / target for target in ENGINE[2:])
        must_be_built([directory / target for target in ENGINE])
        of_engines, more, whole = engine_samples(options, say)
        samples += of_engines
        notes += more
    pulls = []
    if wanted(options, "failover"):
        options.programs = Programs(directory / "bin")
        options.ring_failover = directory / RING_BENCH
        options.cable_failover = directory / CABLE_BENCH
        must_be_built([directory / target for target in FAILOVER])
        pulls, more, well = failover_samples(options, say)
        whole = whole and well
        notes += more
    return bench_results.document(machine, samples, evenness, notes, pulls), whole


def asks_for_all(options):
    """Whether every headline row was asked for, so that the figures of docs/performance.md can be
    replaced."""
    return not options.only and not options.filter and not options.pcap


def write(options, result, whole):
    """The three files, and the figures that readers are shown, unless something could not be
    measured."""
    for path, text in ((options.json, json.dumps(result, indent=1) + "\n"),
                       (options.csv, bench_results.to_csv(result)),
                       (options.page, bench_page.page(result))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"written: {options.json}, {options.csv}, {options.page}")
    if whole and asks_for_all(options):
        performance_page.write(result)
        print(f"written: {performance_page.DOCUMENT}")


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        # Before the build, so that nobody waits for it in vain; it is asked again after.
        refuse_when_loaded(options)
        directory = build(options)
        busy = refuse_when_loaded(options)
        with ahead_of_others(options.ahead):
            result, whole = measure(options, directory, busy)
    except (LabError, ValueError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if not result["rows"] and not result["evenness"] and not result["failover"]:
        print("\n".join(["bench: nothing was measured",
                         *(f"  {note}" for note in result["notes"])]) +
              (f"\n  --filter '{options.filter}' may fit no row; see --help"
               if options.filter else ""), file=sys.stderr)
        return 2
    print("\n" + bench_results.to_text(result))
    write(options, result, whole)
    missed = [name for name, *_, met in bench_results.judged(result) if not met]
    return 1 if not whole or (options.strict and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
