"""What the smoke tests share: a laboratory for each test, its end whatever happens, and skipping.

The programs come from the environment (LAGGD, LAGGCTL), else from build/bin. A test that cannot run
here says why and exits with 77, which meson counts as skipped.
"""

import os
import shutil
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from lab import traffic  # noqa: E402
from lab.acts import Acts  # noqa: E402
from lab.command import LabError, wait_for  # noqa: E402
from lab.laboratory import (ALIASES, HOST4, HOST6, LAGG4, LAGG6, Laboratory, missing)  # noqa: E402
from lab.laggd import Programs  # noqa: E402
from lab.report import Report  # noqa: E402

SKIPPED = 77
# Looser than in the demonstration: other tests may be using the machine, and a bug costs a second.
OUTAGE_LIMIT = 0.5
SILENT_LIMIT = 3.6

programs = Programs(ROOT / "build" / "bin", os.environ.get("LAGGD"), os.environ.get("LAGGCTL"))


class LabTest(unittest.TestCase):
    """A fresh laboratory opposite Open vSwitch for every test; override build() for another."""

    def setUp(self):
        self.report = Report(sys.stderr)
        self.lab = Laboratory()
        self.addCleanup(self.lab.remove)
        self.build()
        self.laggd = self.lab.add_laggd(programs)
        self.acts = Acts(self.lab, self.report)

    def build(self):
        self.lab.build()

    def tearDown(self):
        program = self.laggd.program
        if program is not None:
            result = self._outcome.result
            troubled = any(test is self for test, _ in result.failures + result.errors)
            if troubled:
                print(f"laggd's last words:\n{self.laggd.said(40)}", file=sys.stderr)
            code = self.laggd.stop()
            if not troubled:
                self.assertEqual(code, 0, "laggd did not stop cleanly on SIGTERM")

    # --- steps ------------------------------------------------------------------------------------

    def start(self, lacp=None, **lagg):
        """laggd with one LACP lagg over both cables."""
        self.laggd.write_config(log="debug", **{
            "protocol": "lacp", "aliases": ALIASES, "hash": "layer3+4",
            "lacp": lacp or {"rate": "fast"}, **lagg})
        self.laggd.start()

    def wait_answers(self, timeout=10):
        """IPv4 and IPv6, from both ends."""
        wait_for("pings in both families", self.acts.answered, timeout)

    def never(self, what, condition, seconds):
        """The condition stays false for so long."""
        try:
            wait_for(what, condition, seconds, every=0.1)
        except LabError:
            return
        self.fail(f"{what}, within {seconds} s")

    def assert_outage(self, streams, start, end, limit=OUTAGE_LIMIT):
        out, where = streams.worst_outage(start, end)
        self.assertLessEqual(out, limit, f"ping stream {where} was out for {out:.3f} s")

    def assert_no_duplicates(self, streams):
        self.assertEqual(streams.duplicates(), 0, "replies came more than once")

    def assert_all_met(self):
        """Every requirement an act booked was met."""
        failed = [f"{check['what']}: {check['measured']} (target: {check['target']})"
                  for check in self.report.checks if not check["ok"]]
        self.assertTrue(self.report.checks, "nothing was checked")
        self.assertEqual(failed, [])


def main(*more_programs, ready=None):
    """Runs the tests of the calling file, or skips them. `more_programs` are needed beside the
    usual ones; ready() gets what else has to be there, and raises LabError when it cannot."""
    absent = missing() + [name for name in more_programs if shutil.which(name) is None]
    reason = ("network namespaces need root" if os.geteuid() != 0
              else f"not installed: {' '.join(absent)}" if absent
              else f"{programs.missing()} is not there" if programs.missing() else None)
    try:
        if ready and not reason:
            ready()
    except LabError as error:
        reason = str(error)
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
