"""What scripts/bench makes of pulled cables: percentiles, what is put down to the machine,
targets, charts.

A mistake here would let the page promise a failover that nobody had.
"""

import csv
import io
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))

from lab import bench_page, bench_results, failover_page, failover_results  # noqa: E402

RING = "failover/laggd/net_ring/failover/members:2/pull/down"
VETH = "failover/laggd/af_packet/loadbalance/members:4/pull/down"
SVG = "{http://www.w3.org/2000/svg}"


def pull(moved, name=RING, **more):
    return {"name": name, "pull": 0, "off_core_ms": 0.0, "dead_ms": 0.0, "moved_ms": moved,
            "sent": 100, "lost": 0,
            "lost_after": 0, "doubled": 0, "reordered": 0, "late": 0, "stale": 0, **more}


def pulls(moved, name=RING, **more):
    return [pull(each, name, **more) for each in moved]


def result_of(*lists):
    return bench_results.document({"cpu": "any"}, [], [], [],
                                  [one for each in lists for one in each])


class Quantiles(unittest.TestCase):
    def test_of_a_thousand_the_second_greatest_is_p999(self):
        values = list(range(1, 1001))
        self.assertEqual(failover_results.summary(values),
                         {"p50": 500, "p99": 990, "p99.9": 999, "max": 1000})

    def test_of_few_it_is_the_greatest(self):
        self.assertEqual(failover_results.summary([3.0, 1.0, 2.0]),
                         {"p50": 2.0, "p99": 3.0, "p99.9": 3.0, "max": 3.0})

    def test_every_value_is_in_a_bin(self):
        counts = failover_results.bins([0.0, 1e-9, 0.011, 1.0, 1.01, 1e9])
        self.assertEqual(sum(counts), 6)
        self.assertEqual((counts[0], counts[2 * failover_results.BINS_PER_DECADE], counts[-1]),
                         (3, 2, 1))


class Rows(unittest.TestCase):
    def test_a_row_has_percentiles_totals_and_the_most_of_one_pull(self):
        [row] = failover_results.rows([pull(1.0, lost=3), pull(2.0, lost=5, late=1)])
        self.assertEqual((row["pulls"], row["moved_ms"]["p50"], row["moved_ms"]["max"]),
                         (2, 1.0, 2.0))
        self.assertEqual(row["lost"], {"total": 8, "max": 5})
        self.assertEqual(row["late"]["total"], 1)

    def test_a_pull_in_which_nothing_moved_has_no_time(self):
        [row] = failover_results.rows([pull(None, lost=9), pull(None), pull(4.0)])
        self.assertEqual((row["never_moved"], row["moved_ms"]["max"]), (1, 4.0))


class Verdicts(unittest.TestCase):
    def of(self, samples, what="moved p99.9"):
        return next(one for one in failover_results.verdicts(samples) if one["what"] == what)

    def test_each_kind_has_its_limit(self):
        for name, limit in ((RING, 1.0), (RING.replace("net_ring", "net_ring-polled"), 12.0),
                            (VETH, 12.0), (VETH.replace("af_packet",
                                          "af_packet-plain").replace("pull", "pull-churn"), 12.0),
                            (VETH.replace("af_packet", "af_xdp"), 12.0),
                            (RING.replace("laggd", "net_bonding"), None),
                            (VETH.replace("pull", "restart"), None),
                            (VETH.replace("down", "up"), None)):
            self.assertEqual(failover_results.time_limit(name), limit, name)

    def test_the_limit_is_for_999_in_1000(self):
        self.assertTrue(self.of(pulls([0.5] * 999 + [5.0]))["met"])
        self.assertFalse(self.of(pulls([0.5] * 998 + [5.0] * 2))["met"])

    def test_a_pull_whose_threads_waited_for_a_core_is_put_down_to_the_machine(self):
        verdict = self.of(pulls([0.5] * 9) + [pull(3.0, off_core_ms=2.5)])
        self.assertEqual((verdict["met"], verdict["excused"], verdict["value"]), (True, 1, 0.5))
        self.assertIn("1 pulls put down to the machine", failover_results.in_words(verdict)[0])

    def test_good_pulls_are_put_down_to_the_machine_as_bad_ones_are(self):
        self.assertEqual(self.of([pull(0.1), pull(0.2, off_core_ms=0.6),
                                  pull(0.3, off_core_ms=0.4)])["excused"], 1)

    def test_a_pull_that_took_longer_than_any_waiting_counts(self):
        verdict = self.of(pulls([0.5] * 9) + [pull(3.0, off_core_ms=1.5)])
        self.assertEqual((verdict["met"], verdict["excused"], verdict["value"]), (False, 0, 3.0))

    def test_a_pull_after_which_nothing_came_misses_the_target(self):
        verdict = self.of(pulls([0.5] * 5000) + [pull(None, lost=200)])
        self.assertEqual((verdict["value"], verdict["met"]), (None, False))
        self.assertIn("never", failover_results.in_words(verdict)[0])

    def test_a_pull_that_concerned_no_flow_does_not_count(self):
        self.assertTrue(self.of([*pulls([0.5]), pull(None)])["met"])

    def test_no_frame_may_stand_in_a_port_and_no_port_be_stuck(self):
        for name in (VETH, VETH.replace("af_packet", "vm-e1000e")):
            stale = self.of([pull(1.0, name), pull(1.0, name, stale=2)], "stale")
            self.assertEqual((stale["value"], stale["met"]), (2, False))
            self.assertFalse(self.of([pull(1.0, name, stuck=1)], "stuck")["met"])
            self.assertTrue(self.of([pull(1.0, name, lost=70, late=3)], "stale")["met"])

    def test_what_is_missed_is_told_with_the_others(self):
        result = result_of(pulls([20.0], VETH))
        self.assertIn((VETH, "moved p99.9 20.0 ms", "at most 12 ms", False),
                      bench_results.judged(result))
        self.assertRegex(bench_results.to_text(result),
                         r"moved p99.9 20.0 ms +at most 12 ms +MISSED")


class Beside(unittest.TestCase):
    def test_net_bonding_takes_so_many_times_as_long(self):
        table = failover_results.rows(pulls([0.5, 1.0]) +
                                      pulls([5.0, 20.0], RING.replace("laggd", "net_bonding")))
        self.assertEqual(failover_results.ratios(table), [
            {"name": RING, "twin": RING.replace("laggd", "net_bonding"), "p50": 10.0, "p99": 20.0,
             "p99.9": 20.0, "max": 20.0}])
        self.assertEqual(failover_results.ratios(table[:1]), [])


class Output(unittest.TestCase):
    def setUp(self):
        self.result = result_of(pulls([0.1] * 30 + [0.9], lost=1),
                                pulls([9.0], RING.replace("laggd", "net_bonding")),
                                pulls([None], VETH.replace("down", "up")))

    def test_the_page_shows_distributions_and_needs_nothing_else(self):
        root = ElementTree.fromstring(bench_page.page(self.result).split("\n", 1)[1])
        words = "".join(root.itertext())
        for told in (RING, "0.900", "Failover", "laggd over net_ring", "net_bonding over net_ring"):
            self.assertIn(told, words)
        for part in root.iter():
            self.assertFalse({"src", "href"} & set(part.attrib), "the page loads something")

    def test_bars_stand_where_the_times_are(self):
        [row] = failover_results.rows(pulls([0.1] * 30 + [10.0] * 15))
        bars = [(float(rect.get("x")), float(rect.get("height")))
                for rect in ElementTree.fromstring(failover_page.chart([row],
                                                                       "any")).iter(f"{SVG}rect")]
        self.assertEqual(len(bars), 2)
        (left, high), (right, low) = sorted(bars)
        self.assertAlmostEqual(high / low, 2.0, places=1)
        wide = (failover_page.WIDE - failover_page.LABEL - 20) / (
            failover_results.GREATEST - failover_results.LEAST)
        self.assertAlmostEqual(right - left, 2 * wide, delta=1.0)

    def test_a_result_without_failover_has_no_such_part(self):
        self.assertEqual(failover_page.section(result_of()), "")
        self.assertNotIn("failover", bench_results.to_text(result_of()))

    def test_the_csv_has_a_line_for_every_row_and_one_heading(self):
        lines = list(csv.DictReader(io.StringIO(bench_results.to_csv(self.result))))
        self.assertEqual([line["name"] for line in lines],
                         [row["name"] for row in self.result["failover"]])
        self.assertEqual((float(lines[0]["moved_ms_max"]), int(lines[0]["lost"]),
                          lines[0]["repetitions"]),
                         (0.9, 31, "31"))
        self.assertEqual(lines[2]["moved_ms_p50"], "")
        self.assertEqual(lines[0]["cycles_per_packet_median"], "")

    def test_every_pull_is_kept(self):
        self.assertEqual(len(self.result["failover_pulls"]), 33)


if __name__ == "__main__":
    unittest.main()
