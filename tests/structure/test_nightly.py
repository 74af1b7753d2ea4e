"""scripts/nightly: every part has its turn, a failure is told at the end, and seeds go on from
night to night."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "nightly"
# Each part writes down how it was called, and fails when a file of its name is there.
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >>calls
test ! -e "fail-$(basename "$0")"
"""
PARTS = ("scripts/build", "scripts/fuzz", "scripts/soak", "build/bin/lagglab")


class Nightly(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        for name in PARTS:
            program = self.root / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(FAKE)
            program.chmod(0o755)
        shutil.copy(SCRIPT, self.root / "scripts")

    def run_night(self, *arguments, day=3):
        """The exit code, what was said, and how the parts were called."""
        calls = self.root / "calls"
        calls.unlink(missing_ok=True)
        done = subprocess.run([self.root / "scripts" / "nightly", *arguments], text=True,
                              capture_output=True, check=False,
                              env={**os.environ, "NIGHTLY_DAY": str(day)})
        called = calls.read_text().splitlines() if calls.exists() else []
        return done.returncode, done.stdout + done.stderr, called

    def test_every_part_has_its_turn(self):
        code, said, called = self.run_night("100", "5", "1")
        self.assertEqual(code, 0, said)
        self.assertEqual(called[:3], [
            "build ",
            f"lagglab lacp-sim --seeds 100 --first 301 --jobs {len(os.sched_getaffinity(0))}",
            "fuzz all 5"])
        self.assertEqual(called[3:], ["soak --gigabytes 1"] if os.geteuid() == 0 else [])

    def test_another_night_has_other_seeds(self):
        self.assertIn("--first 401 ", self.run_night("100", "0", "0", day=4)[2][1])

    def test_a_finding_is_told_and_the_others_still_have_their_turn(self):
        (self.root / "fail-lagglab").write_text("")
        code, said, called = self.run_night("100", "5", "0")
        self.assertEqual(code, 1, said)
        self.assertIn("found something: simulation;", said)
        self.assertIn("fuzz all 5", called)

    def test_a_part_that_is_left_out(self):
        self.assertEqual(self.run_night("0", "0", "0")[2], ["build "])

    def test_what_is_no_number(self):
        code, said, called = self.run_night("many")
        self.assertEqual((code, called), (2, []))
        self.assertIn("'many' is no number", said)


if __name__ == "__main__":
    unittest.main()
