"""scripts/coverage: counts of a small program, by box, with what was never linked counted as not
run."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HEADER = "inline int twice(int n) {\n    return 2 * n;\n}\n"
# One of two functions runs.
SOURCE = """#include "header.hh"
int unused(int n) {
    return n + 1;
}
int main() {
    return twice(0);
}
"""


@unittest.skipUnless(shutil.which("g++") and shutil.which("gcov"), "needs g++ and gcov")
class Report(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        for name in ("scripts/coverage", "tests/structure/check_layers.py"):
            (self.root / name).parent.mkdir(parents=True)
            shutil.copy(REPOSITORY / name, self.root / name)
        self.build = self.root / "build-coverage"
        for folder in ("build-coverage", "lacp", "laggd", "tests/lacp"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def compile(self, source, text, *options):
        (self.root / source).write_text(text)
        subprocess.run(["g++", "-O0", "--coverage", *options, f"../{source}"], cwd=self.build,
                       check=True)

    def report(self, *options):
        done = subprocess.run([self.root / "scripts" / "coverage", "--no-build", *options],
                              capture_output=True, text=True, check=False)
        return done.returncode, [line.split("  ") for line in done.stdout.splitlines()]

    def rows(self, *options):
        """{box: the other cells that are not empty} of the report."""
        code, lines = self.report(*options)
        self.assertEqual(code, 0)
        return {cells[0] or cells[1]: [cell.strip() for cell in cells[1:] if cell.strip()]
                for cells in lines}

    def test_by_box(self):
        (self.root / "lacp" / "header.hh").write_text(HEADER)
        self.compile("lacp/some.cc", SOURCE, "-o", "program")
        subprocess.run([self.build / "program"], check=True)
        self.compile("laggd/never.cc", "int never() {\n    return 0;\n}\n", "-c")
        self.compile("tests/lacp/test.cc", "int test() {\n    return 0;\n}\n", "-c")
        rows = self.rows()
        self.assertEqual(rows["lacp"], ["4 of 6", "66.7 %", "2 of 3", "66.7 %"])
        self.assertEqual(rows["laggd"], ["0 of 2", "0.0 %", "0 of 1", "0.0 %"])
        self.assertEqual(rows["all"][0], "4 of 8")
        self.assertEqual(set(rows), {"box", "lacp", "laggd", "all"})

    def test_a_header_that_two_programs_have_counts_once(self):
        (self.root / "lacp" / "header.hh").write_text(HEADER)
        self.compile("lacp/some.cc", SOURCE, "-o", "program")
        subprocess.run([self.build / "program"], check=True)
        self.compile("lacp/unrun.cc",
                     '#include "header.hh"\nint unrun() {\n    return twice(1);\n}\n',
                     "-c")
        counts = self.root / "counts.json"
        self.rows("--json", str(counts))
        self.assertEqual(json.loads(counts.read_text())["lacp/header.hh"]["lines"],
                         {"1": 1, "2": 1})

    def test_without_counts(self):
        self.assertEqual(self.report()[0], 2)


if __name__ == "__main__":
    unittest.main()
