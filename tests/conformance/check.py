"""What a check is, and how checks are run: many side by side, each with a lagg of its own.

    test_receive.py [--long] [NAME...]     the checks of one file; the long ones only with --long
    run_long.py                            the long ones of all files

A check is a test named test_NN_..., NN being its number in docs/conformance.md. The first sentence
of its docstring is what that table says of it.
"""

import argparse
import json
import os
import sys
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "smoke")]

from smoke import SKIPPED, programs  # noqa: E402  (brings scripts/ into the path)

from bench import LARGE_RINGS, MOST_PORTS, SMALL_RINGS, Hall, Setup  # noqa: E402, F401
from lab.command import LabError, wait_for  # noqa: E402
from lab.laboratory import missing  # noqa: E402

# One after the other: a check that begins late has its time stamps all the same, but a machine that
# is asked for everything at once delays the daemon too.
STAGGER = 0.1
LAST_WORDS = 40


def on(**setup):
    """The setup of a check, where that is not one cable and a lagg with nothing set."""
    def mark(test):
        test.setup = Setup(**setup)
        return test
    return mark


def long(test):
    """Takes minutes: only in the suite `long`."""
    test.is_long = True
    return test


def twin(name):
    """A GoogleTest that checks the same on the pure core, in simulated time."""
    def mark(test):
        test.twin = name
        return test
    return mark


class Check(unittest.TestCase):
    """`bench` is the lagg and its testers, `t` the first tester and `u` the second."""

    def setUp(self):
        self.t = self.bench.testers[0]
        self.u = self.bench.testers[1] if len(self.bench.testers) > 1 else None

    @property
    def setup(self):
        return getattr(getattr(self, self._testMethodName), "setup", Setup())

    @property
    def is_long(self):
        return getattr(getattr(self, self._testMethodName), "is_long", False)

    # --- requirements -----------------------------------------------------------------------------

    def assert_near(self, measured, expected, what="", tolerance=None):
        """Within 10 % and 100 ms, unless another tolerance in seconds is given."""
        allowed = 0.1 * expected + 0.1 if tolerance is None else tolerance
        self.assertLessEqual(abs(measured - expected), allowed,
                             f"{what}: {measured:.3f} s instead of {expected:g} s")

    def assert_state(self, octet, expected):
        self.assertEqual(octet, expected, f"state {octet:#04x} instead of {expected:#04x}")

    def assert_bits(self, octet, bits):
        self.assertEqual(octet & bits, bits, f"state {octet:#04x} lacks some of {bits:#04x}")

    def assert_no_bits(self, octet, bits):
        self.assertEqual(octet & bits, 0, f"state {octet:#04x} has some of {bits:#04x}")

    def assert_never(self, what, condition, seconds, every=0.1):
        """The condition stays false for so long."""
        try:
            wait_for(what, condition, seconds, every)
        except LabError:
            return
        self.fail(f"{what}, within {seconds} s")

    def assert_rate(self, frames, limit, seconds=1.0):
        """At most `limit` frames in any window of so many seconds."""
        times = sorted(frame.at for frame in frames)
        for early, late in zip(times, times[limit:]):
            # A millisecond for the way from the daemon's clock to the wire's.
            self.assertGreaterEqual(late - early, seconds - 0.02,
                                    f"{limit + 1} frames within {late - early:.3f} s")


# --- running --------------------------------------------------------------------------------------

class Outcome:
    """How one check ended: "pass", "skip" or "FAIL", and what there is to say."""

    def __init__(self, test, seconds, result):
        self.name = test._testMethodName
        self.file = Path(sys.modules[type(test).__module__].__file__).name
        self.seconds = seconds
        troubles = [text for _, text in result.failures + result.errors]
        self.text = "\n".join(troubles) or "\n".join(reason for _, reason in result.skipped)
        self.word = "FAIL" if troubles else "skip" if result.skipped else "pass"


def batches(tests):
    """Checks that share a daemon: as many as it has ports for, those that want to be alone
    alone."""
    rooms = []
    for test in tests:
        cables = test.setup.cables
        room = None if test.setup.alone else next(
            (room for room in rooms if not room[0].setup.alone and cables + sum(
                other.setup.cables for other in room) <= MOST_PORTS), None)
        if room is None:
            rooms.append([test])
        else:
            room.append(test)
    return rooms


def run_one(test, bench, hall, outcomes):
    test.bench, test.hall = bench, hall
    result = unittest.TestResult()
    begun = time.monotonic()
    test.run(result)
    outcome = Outcome(test, time.monotonic() - begun, result)
    if outcome.word == "FAIL":
        outcome.text += f"\nD said:\n{words_of(hall, bench)}"
    outcomes.append(outcome)
    print(f"{outcome.word}  {outcome.seconds:6.1f} s  {outcome.name}", flush=True)


def words_of(hall, bench):
    """The daemon's last words on one lagg, and those on the whole."""
    log = hall.laggd.log
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    own = [line for line in lines if f"{bench.name}:" in line or "warning:" in line
           or "error:" in line]
    return "\n".join(own[-LAST_WORDS:])


def run_batch(tests):
    outcomes = []
    with Hall([test.setup for test in tests]) as hall:
        threads = [threading.Thread(target=run_one, args=(test, bench, hall, outcomes))
                   for test, bench in zip(tests, hall.benches)]
        for thread in threads:
            thread.start()
            time.sleep(STAGGER)
        for thread in threads:
            thread.join()
        code = hall.stop()
        if code not in (0, None):
            print(f"laggd ended with {code}:\n{hall.laggd.said(LAST_WORDS)}", flush=True)
            outcomes[-1].word, outcomes[-1].text = "FAIL", f"laggd ended with {code}"
    return outcomes


def keep(outcomes, path):
    """Adds to the file of results that table.py reads: {name: {"file", "result", "seconds"}}."""
    file = Path(path)
    known = json.loads(file.read_text()) if file.exists() else {}
    known.update({outcome.name: {"file": outcome.file, "result": outcome.word,
                                 "seconds": round(outcome.seconds, 1)} for outcome in outcomes})
    file.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


def reason_to_skip():
    absent = [package for package in missing() if "openvswitch" not in package]
    return ("network namespaces need root" if os.geteuid() != 0
            else f"not installed: {' '.join(absent)}" if absent
            else f"{programs.missing()} is not there" if programs.missing() else None)


def tests_of(modules, is_long, names):
    loaded = [test for module in modules for suite in
              unittest.defaultTestLoader.loadTestsFromModule(module) for test in suite]
    return [test for test in loaded if test.is_long == is_long
            and (not names or any(name in test._testMethodName for name in names))]


def main(*modules, always_long=False):
    """Runs the checks of `modules`, or of the calling file."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", default=always_long)
    parser.add_argument("--results", default=os.environ.get("LAGG_CONFORMANCE_RESULTS"),
                        help="a JSON file to which the results are added")
    parser.add_argument("names", nargs="*", metavar="NAME", help="parts of names of checks")
    options = parser.parse_args()
    if reason := reason_to_skip():
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    tests = tests_of(modules or [sys.modules["__main__"]], options.long, options.names)
    outcomes = [outcome for room in batches(tests) for outcome in run_batch(room)]
    for outcome in outcomes:
        if outcome.word != "pass":
            print(f"\n== {outcome.word}: {outcome.name} ({outcome.file})\n{outcome.text}")
    if options.results:
        keep(outcomes, options.results)
    failed = [outcome for outcome in outcomes if outcome.word == "FAIL"]
    print(f"\n{len(outcomes)} checks, {len(failed)} failed")
    sys.exit(1 if failed or not outcomes else 0)
