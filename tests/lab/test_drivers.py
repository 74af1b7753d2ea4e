"""The table of docs/drivers.md: a cell is ok only when everything in it was met."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from lab.bound import table  # noqa: E402

BEFORE, AFTER = "before\n", "\nafter\n"


def check(driver, feature, ok=True, what="a ping", **more):
    return {"driver": driver, "feature": feature, "ok": ok, "what": what, "measured": "0 of 5",
            **more}


class Table(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.document = Path(self.directory.name) / "drivers.md"
        self.document.write_text(f"{BEFORE}{table.BEGIN}\nold\n{table.END}{AFTER}")
        self.addCleanup(setattr, table, "DOCUMENT", table.DOCUMENT)
        table.DOCUMENT = self.document

    def write(self, *reports):
        """The rows of the table, without its head."""
        paths = []
        for number, checks in enumerate(reports):
            paths.append(Path(self.directory.name) / f"{number}.json")
            paths[-1].write_text(json.dumps({"checks": checks}))
        table.write(paths, ["a", "b"])
        text = self.document.read_text()
        self.assertTrue(text.startswith(BEFORE) and text.endswith(AFTER), text)
        return [line for line in text.splitlines() if line.startswith("| ")][1:]

    def test_one_that_fails_spoils_its_cell_alone(self):
        rows = self.write([check("a", "LACP"), check("a", "LACP", ok=False), check("b", "LACP")])
        self.assertEqual(rows, ["| LACP | **no**: a ping: 0 of 5 | ok |"])

    def test_what_was_not_run_is_not_ok(self):
        self.assertEqual(self.write([check("a", "LACP")]), ["| LACP | ok | not run |"])

    def test_the_longest_time_until_a_link_was_noticed(self):
        rows = self.write([check("a", "link", what="link up noticed", seconds=0.004),
                           check("a", "link", what="link down noticed", seconds=0.020),
                           check("a", "link", what="something else", seconds=9)])
        self.assertEqual(rows, ["| link | ok, within 20 ms | not run |"])

    def test_for_every_driver(self):
        self.assertEqual(self.write([check("all", "SIGTERM")]), ["| SIGTERM | ok | ok |"])

    def test_the_last_report_counts(self):
        rows = self.write([check("a", "LACP", ok=False)], [check("a", "LACP")])
        self.assertEqual(rows, ["| LACP | ok | not run |"])

    def test_a_column_for_what_is_no_driver(self):
        rows = self.write([check("mixed", "LACP")])
        self.assertEqual(rows, ["| LACP | not run | not run | ok |"])


if __name__ == "__main__":
    unittest.main()
