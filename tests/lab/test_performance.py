"""The figures of docs/performance.md: those of the run, the twin that does the same work, and
nothing else on the page touched."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from lab import bench_results, performance_page  # noqa: E402

UP = "engine/{}/net_ring/layer3+4/members:4/up"
DISTRIBUTE = "distribute/{}/layer3+4/members:4/burst:32/flows:1024/hot"


def samples(name, cycles):
    return [{"name": name, "round": 0, "cycles_per_packet": cycles,
             "packets_per_second": 1e9 / cycles}]


def result_of(*lists, notes=()):
    return bench_results.document({"cores": 2, "commit": "abc"},
                                  [one for each in lists for one in each], [], list(notes))


class Figures(unittest.TestCase):
    def rows(self, *lists):
        text = performance_page.figures(result_of(*lists))
        return [line for line in text.splitlines() if line.startswith("| ") and "laggd/" in line]

    def test_a_row_has_both_engines_and_its_target(self):
        [row] = self.rows(samples(DISTRIBUTE.format("laggd"), 10.0),
                          samples(DISTRIBUTE.format("net_bonding"), 20.0))
        self.assertEqual([cell.strip() for cell in row.split("|")[1:-1]],
                         [DISTRIBUTE.format("laggd"), "10.0", "20.0", "100.00", "50.00", "2.00",
                          "2.50 **missed**"])

    def test_of_two_twins_the_one_that_does_the_same_work(self):
        [row] = self.rows(samples(UP.format("laggd"), 10.0), samples(UP.format("net_bonding"), 5.0),
                          samples(UP.format("net_bonding-802.3ad"), 15.0))
        self.assertIn("| 1.50 |", row)

    def test_rows_that_are_no_headline_are_left_to_the_files(self):
        name = "distribute/{}/layer3+4/members:31/burst:32/flows:1024/cold"
        self.assertEqual(self.rows(samples(name.format("laggd"), 1.0),
                                   samples(name.format("net_bonding"), 2.0)), [])

    def test_a_missed_target_is_named_before_the_table(self):
        text = performance_page.figures(result_of(samples(DISTRIBUTE.format("laggd"), 10.0),
                                                  samples(DISTRIBUTE.format("net_bonding"), 20.0),
                                                  notes=["busy"]))
        self.assertIn("0 of 1 targets are met.", text)
        self.assertIn(f"- missed: {DISTRIBUTE.format('laggd')}: 2.00 times as fast, at least 2.50",
                      text)
        self.assertIn("- note: busy", text)
        self.assertIn("commit: abc", text)


class Page(unittest.TestCase):
    def test_only_what_is_between_the_marks_is_replaced(self):
        with tempfile.TemporaryDirectory() as directory:
            page = Path(directory) / "page.md"
            page.write_text(f"before\n{performance_page.BEGIN}\nold "
                            f"figures\n{performance_page.END}\nafter\n")
            for _ in range(2):
                performance_page.write(result_of(), page)
            text = page.read_text()
        self.assertTrue(text.startswith(f"before\n{performance_page.BEGIN}\n"), text)
        self.assertTrue(text.endswith(f"{performance_page.END}\nafter\n"), text)
        self.assertNotIn("old figures", text)
        self.assertEqual(text.count("targets are met"), 1)

    def test_the_page_of_the_tree_has_the_marks(self):
        text = performance_page.DOCUMENT.read_text(encoding="utf-8")
        self.assertEqual([text.count(mark) for mark in (performance_page.BEGIN,
                                                        performance_page.END)], [1, 1])


if __name__ == "__main__":
    unittest.main()
