"""laggd over bound NICs, in a guest; see --help."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))

from lab import laboratory, vm  # noqa: E402
from lab.bound.cabling import DRIVERS  # noqa: E402
from lab.bound.machine import BoundMachine  # noqa: E402
from lab.bound.pulls import PULLS, SECONDS  # noqa: E402
from lab.bound.scenarios import SCENARIOS, about  # noqa: E402
from lab.bound.table import write as write_table  # noqa: E402
from lab.command import LabError  # noqa: E402
from lab.failover_bench import CABLE_BENCH  # noqa: E402
from lab.fresh import disk  # noqa: E402
from lab.fresh.path import walk  # noqa: E402
from lab.guest_kernel import guest_kernel  # noqa: E402
from lab.laggd import Programs  # noqa: E402
from lab.report import Report  # noqa: E402

ABOUT = """\
Boots a guest with Debian's kernel under QEMU, in software emulation, and runs laggd in it over NICs
that are bound to vfio-pci behind an IOMMU: e1000, e1000e, vmxnet3 and virtio. The other end of each
cable is a virtio NIC under the Linux bonding driver, in a namespace of the same guest. One boot
serves all the scenarios that are named.

  scripts/vm-lab list
  scripts/vm-lab run smoke-virtio removal-e1000e
  scripts/vm-lab shell                   commands for the guest, a line each, until the end of input
  scripts/vm-lab readme                  README's path, on a Debian that is new (needs the network)
  scripts/vm-lab table REPORT...         docs/drivers.md, from the reports of runs

The exit code is 0 when every requirement was met, 1 when not, and 77 when there can be no guest
here. Logs, laggctl's output and the results are in the directory that is printed."""
SKIPPED = 77
LINE_LIMIT = 600  # seconds for a line of the shell


class Skip(Exception):
    """There can be no guest here; the text says why."""


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/vm-lab", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    parser.add_argument("--programs", metavar="DIR", type=Path, default=ROOT / "build" / "bin",
                        help="where laggd and laggctl are, unless LAGGD and LAGGCTL name them "
                        "(default: build/bin)")
    parser.add_argument("--directory", metavar="DIR", type=Path,
                        help="for the results (default: a new one in /tmp)")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="what scenarios there are")
    run = verbs.add_parser("run", help="run scenarios in one guest")
    run.add_argument("names", nargs="+", metavar="NAME", choices=SCENARIOS)
    run.add_argument("--eal", action="append", default=[], metavar="ARGUMENT",
                     help="one more argument for DPDK's EAL, as in [daemon] eal")
    run.add_argument("--cable-failover", metavar="FILE", type=Path,
                     default=ROOT / "build" / CABLE_BENCH,
                     help="the program of scenarios that pull cables (default: "
                          f"build/{CABLE_BENCH})")
    run.add_argument("--pulls", type=int, default=PULLS,
                     help=f"of each of their rows (default: {PULLS})")
    run.add_argument("--seconds", type=float, default=SECONDS,
                     help=f"after which such a row ends with fewer (default: {SECONDS:g})")
    verbs.add_parser("shell", help="a guest that takes commands")
    verbs.add_parser("readme", help="follow README from a bare server to a lagg on two NICs")
    table = verbs.add_parser("table", help="write the table of docs/drivers.md")
    table.add_argument("reports", nargs="+", metavar="REPORT", type=Path,
                       help="report.json of runs; of the same cell the last one counts")
    return parser.parse_args()


def prepare(options):
    """Where the programs are, and the guest's kernel."""
    if os.geteuid() != 0:
        raise Skip("the guest reads all of the host's root, which needs root: run it with sudo")
    if absent := vm.missing():
        raise Skip(f"not installed: {' '.join(absent)}")
    if not options.no_build and subprocess.run([SCRIPTS / "build"], timeout=3600).returncode != 0:
        raise LabError("the build failed")
    programs = Programs(options.programs.resolve(), os.environ.get("LAGGD"),
                        os.environ.get("LAGGCTL"))
    if absent := programs.missing():
        raise LabError(f"{absent} is not there")
    try:
        return programs, guest_kernel()
    except LabError as error:
        raise Skip(str(error)) from error


def run_scenarios(machine, options, programs):
    return machine.play(options.names, programs, options.cable_failover, options.pulls,
                        options.seconds, lambda line: print(line, flush=True), options.eal)


def shell(machine):
    """Lines of our input, each for a shell of its own in the guest."""
    prompt = "guest# " if sys.stdin.isatty() else ""
    while True:
        print(prompt, end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            return 0
        if line.strip():
            code, text = machine.run_aloud(machine.inside(["sh", "-c", line.strip()]), LINE_LIMIT)
            print(text, end="" if text.endswith("\n") or not text else "\n")
            if code != 0:
                print(f"exit code {code}")


def in_guest(options):
    programs, kernel = prepare(options)
    directory = options.directory or Path(tempfile.mkdtemp(prefix="lagg-vm-"))
    machine = BoundMachine(directory, kernel)
    print(f"the guest starts; everything is in {directory}", flush=True)
    try:
        machine.start()
        return shell(machine) if options.verb == "shell" \
            else run_scenarios(machine, options, programs)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        machine.stop()
        for name in ("initramfs", "initramfs.cpio"):
            path = directory / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        print(f"results: {machine.share}")


def readme(options):
    """The one with a server of its own."""
    if os.geteuid() != 0:
        raise Skip("a Debian is made, which needs root: run it with sudo")
    if absent := sorted([*vm.missing(), *disk.missing(), *laboratory.missing()]):
        raise Skip(f"not installed: {' '.join(absent)}")
    directory = options.directory or Path(tempfile.mkdtemp(prefix="lagg-")) / "readme"
    directory.mkdir()
    print(f"everything is in {directory}", flush=True)
    report = Report()
    try:
        walk(report, directory, f"readme{os.getpid()}")
    finally:
        report.table()
        report.write_json(directory / "report.json")
    return 0 if report.ok else 1


def interrupted(number, _frame):
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main():
    options = arguments()
    if options.verb == "list":
        width = max(map(len, SCENARIOS))
        print("\n".join(f"{name:{width}}  {about(name)}" for name in SCENARIOS))
        return 0
    if options.verb == "table":
        write_table(options.reports, DRIVERS)
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        return readme(options) if options.verb == "readme" else in_guest(options)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except LabError as error:
        print(f"vm-lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
