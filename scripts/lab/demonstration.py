"""Shows laggd at work against Open vSwitch on this machine, with real figures; see --help."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(SCRIPTS))

from lab import command  # noqa: E402
from lab.acts import Acts  # noqa: E402
from lab.command import LabError  # noqa: E402
from lab.laboratory import Laboratory, remove_left_over  # noqa: E402
from lab.laggd import Programs  # noqa: E402
from lab.report import Report  # noqa: E402

ABOUT = """\
Builds laggd and plays one piece with it: in network namespaces, a lagg of two cables opposite
Open vSwitch. LACP comes up, TCP runs over both cables, one cable is pulled and one breaks
silently; then the same lagg in every other protocol. Ends with a table; the exit code is 0 when
every requirement in it was met. Needs root, takes about two minutes after the build, and leaves
nothing behind."""


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true",
                        help="leave the laboratory standing, and say how to look around in it")
    parser.add_argument("--stop", metavar="DIR", help="end a laboratory that --keep left standing")
    parser.add_argument("--json", metavar="FILE", help="write timeline and results to FILE")
    parser.add_argument("--no-build", action="store_true", help="take the programs as they are")
    parser.add_argument("--programs", metavar="DIR", type=Path, default=ROOT / "build" / "bin",
                        help="where laggd and laggctl are (default: build/bin)")
    return parser.parse_args()


def prepare(options):
    """Builds what is needed; where the programs are."""
    if os.geteuid() != 0:
        raise LabError("network namespaces need root: run it with sudo")
    if not options.no_build and subprocess.run([SCRIPTS / "build"], timeout=3600).returncode != 0:
        raise LabError("the build failed")
    programs = Programs(options.programs)
    if absent := programs.missing():
        raise LabError(f"{absent} is not there")
    return programs


def how_to_look_around(lab):
    lagg, wires = lab.lagg_side.name, lab.network.namespace("wires").name
    laggd, ovs = lab.laggd, lab.ovs
    return f"""
The laboratory stays, with its files in {lab.directory}:
  {laggd.programs.laggctl} --socket {laggd.socket} show
  ip netns exec {lagg} ping 192.0.2.11
  ovs-appctl -t {ovs.directory}/vswitchd.ctl lacp/show
  ip -n {wires} link set c1a down; ip -n {wires} link set c1b down     (up: plugged in again)
  bridge -n {wires} link set dev c2a isolated on; bridge -n {wires} link set dev c2b isolated on
  less {laggd.directory}/laggd.log
End it with:
  {SCRIPTS}/demo --stop {lab.directory}
"""


def busy_machine():
    """What to think of times that were missed; empty on a machine that had time."""
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load < 2 * cores:
        return ""
    return (f"\nThe machine was busy (load {load:.1f} on {cores} cores): times are of everything "
            "that ran. Try again when it is idle.")


def play(options, programs):
    command.programs_outlive_us = options.keep
    report = Report()
    with Laboratory() as lab:
        lab.keep = False
        try:
            report.title("The laboratory")
            lab.build()
            lab.add_laggd(programs)
            report.say("two cables between laggd's namespace and Open vSwitch, a host behind it")
            Acts(lab, report).play(stop=not options.keep)
        finally:
            report.table()
            if options.json:
                report.write_json(options.json)
            if not report.ok and lab.laggd:
                print(f"\nlaggd's last words:\n{lab.laggd.said()}")
                print(busy_machine())
            # Nothing from here on may be interrupted half-way.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if options.keep:
            lab.keep = True
            lab.write_down()
            print(how_to_look_around(lab))
    return 0 if report.ok else 1


def interrupted(number, _frame):
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main():
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        if options.stop:
            remove_left_over(options.stop)
            return 0
        return play(options, prepare(options))
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
