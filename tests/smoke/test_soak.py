"""A short run of scripts/soak: TCP survives cables that are pulled all the while, and laggd loses
no buffer and does not grow."""

import os
import subprocess
import sys
import unittest

from smoke import ROOT, main, programs

GIGABYTES = "0.3"


class Soak(unittest.TestCase):
    def test_short(self):
        done = subprocess.run([sys.executable, ROOT / "scripts" / "soak", "--gigabytes", GIGABYTES],
                              env={**os.environ, "LAGGD": str(programs.laggd),
                                   "LAGGCTL": str(programs.laggctl)},
                              timeout=240, check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{done.stdout[-4000:]}{done.stderr}")


if __name__ == "__main__":
    main()
