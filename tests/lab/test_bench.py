"""What scripts/bench makes of its measurements: pairing, quotients, targets, and the page.

A mistake here would not stop a benchmark but let it say something else than was measured.
"""

import csv
import io
import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))

from lab import bench_machine, bench_page, bench_results  # noqa: E402

RING = "net_ring/layer3+4/members:4/down"


def samples(name, cycles, rates=None, first_round=0):
    """Samples of one name, a round each."""
    return [{"name": name, "round": turn, "cycles_per_packet": value,
             "packets_per_second": (rates or [1e9 / each for each in cycles])[turn - first_round]}
            for turn, value in enumerate(cycles, first_round)]


def result_of(*lists, evenness=(), notes=()):
    return bench_results.document({"cpu": "a <fast> one & more", "cores": 2},
                                  [one for each in lists for one in each],
                                  list(evenness), list(notes))


class Rows(unittest.TestCase):
    def test_a_row_has_median_and_both_ends(self):
        [row] = bench_results.rows(samples("a/laggd/x", [9.0, 1.0, 2.0]))
        self.assertEqual(row["cycles_per_packet"], {"median": 2.0, "min": 1.0, "max": 9.0})
        self.assertEqual(row["repetitions"], 3)

    def test_rows_keep_the_order_they_came_in(self):
        table = bench_results.rows(samples("b/laggd/x", [1.0]) + samples("a/laggd/x", [1.0]) +
                                   samples("b/laggd/x", [2.0]))
        self.assertEqual([row["name"] for row in table], ["b/laggd/x", "a/laggd/x"])


class GoogleBenchmark(unittest.TestCase):
    def run_of(self, **more):
        return {"name": "distribute/laggd/x/repeats:3", "run_name": "distribute/laggd/x/repeats:3",
                "run_type": "iteration", "repetition_index": 2, "cpu_time": 5.0, "time_unit": "us",
                **more}

    def test_counters_become_figures_and_settings_leave_the_name(self):
        [sample] = bench_results.from_google_benchmark(
            {"benchmarks": [self.run_of(cycles_per_packet=3.5, packets_per_second=7e8)]})
        self.assertEqual(sample, {"name": "distribute/laggd/x", "round": 2,
                                  "cycles_per_packet": 3.5, "packets_per_second": 7e8})

    def test_a_row_without_cycles_keeps_its_time(self):
        [sample] = bench_results.from_google_benchmark({"benchmarks": [self.run_of()]})
        self.assertEqual(sample["nanoseconds"], 5000.0)

    def test_rows_come_as_the_program_lists_them_and_not_as_they_ran(self):
        ran = [self.run_of(run_name=name, family_index=family, per_family_instance_index=instance)
               for name, family, instance in (("c", 1, 0), ("b", 0, 1), ("a", 0, 0))]
        self.assertEqual([sample["name"]
                          for sample in bench_results.from_google_benchmark({"benchmarks": ran})],
                         ["a", "b", "c"])

    def test_what_it_computed_itself_is_no_repetition(self):
        self.assertEqual(bench_results.from_google_benchmark(
            {"benchmarks": [self.run_of(run_type="aggregate", aggregate_name="mean")]}), [])

    def test_a_benchmark_that_failed_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "no device"):
            bench_results.from_google_benchmark(
                {"benchmarks": [self.run_of(error_occurred=True, error_message="no device")]})


class Ratios(unittest.TestCase):
    def test_twins_are_paired_by_the_second_word_only(self):
        table = bench_results.ratios(samples("d/laggd/laggd/x", [2.0]) +
                                     samples("d/net_bonding/laggd/x", [3.0]) +
                                     samples("d/laggd/y", [1.0]) +
                                     samples("build_after_loss/4", [1.0]))
        self.assertEqual([(entry["name"], entry["twin"]) for entry in table],
                         [("d/laggd/laggd/x", "d/net_bonding/laggd/x")])

    def test_fewer_cycles_and_more_packets_are_faster(self):
        [entry] = bench_results.ratios(samples("d/laggd/x", [10.0], [300.0]) +
                                       samples("d/net_bonding/x", [20.0], [100.0]))
        self.assertAlmostEqual(entry["by_core_time"]["of_medians"], 2.0)
        self.assertAlmostEqual(entry["by_clock"]["of_medians"], 3.0)
        self.assertAlmostEqual(entry["times_as_fast"], 2.0)

    def test_rounds_are_compared_with_themselves(self):
        # The machine got slower from round to round; in each of them laggd took half as long.
        [entry] = bench_results.ratios(samples("d/laggd/x", [1.0, 5.0, 50.0]) +
                                       samples("d/net_bonding/x", [2.0, 10.0, 100.0])[::-1])
        self.assertAlmostEqual(entry["by_core_time"]["median_of_rounds"], 2.0)

    def test_a_round_that_only_one_of_them_has_does_not_count(self):
        [entry] = bench_results.ratios(samples("d/laggd/x", [1.0, 1.0]) +
                                       samples("d/net_bonding/x", [4.0, 9.0], first_round=1))
        self.assertAlmostEqual(entry["by_core_time"]["median_of_rounds"], 4.0)

    def test_targets_are_those_of_the_devices_beside_who_does_the_same(self):
        for device, target in (("net_null", 1.1), ("net_null-ipv4", 1.1), ("net_ring", 1.1),
                               ("vhost-user", 1.0), ("memif", 1.0)):
            for direction, twin in (("down", "net_bonding"), ("up", "net_bonding-802.3ad")):
                rest = f"{device}/layer3+4/members:4/{direction}"
                targets = {who: bench_results.target_of(f"engine/laggd/{rest}",
                                                        f"engine/{who}/{rest}")
                           for who in ("net_bonding", "net_bonding-802.3ad")}
                self.assertEqual(targets, {"net_bonding": None, "net_bonding-802.3ad": None,
                                           twin: target})
        self.assertIsNone(bench_results.target_of("distribute/laggd/layer3+4",
                                                  "distribute/net_bonding/layer3+4"))

    def test_of_two_twins_the_one_in_mode_4_is_first_and_has_the_target(self):
        names = [f"engine/{who}/net_ring/layer3+4/members:4/up"
                 for who in ("laggd", "net_bonding", "net_bonding-802.3ad")]
        result = result_of(*(samples(name, [cycles])
                             for name, cycles in zip(names, (10.0, 5.0, 12.0))))
        self.assertEqual([(entry["twin"], entry["times_as_fast"], entry["met"])
                          for entry in result["ratios"]],
                         [(names[2], 1.2, True), (names[1], 0.5, None)])
        lines = bench_results.to_text(result).splitlines()
        [beside_mode_4, beside_mode_2] = [line for line in lines if line.startswith(names[0])][:2]
        self.assertRegex(beside_mode_4, r"\(net_bonding-802.3ad\) .* 1\.20 .* met$")
        self.assertRegex(beside_mode_2, r"/up  .* 0\.50 .* none: reads no frame$")
        self.assertEqual(len(bench_results.judged(result)), 1)
        [line, *_] = csv.DictReader(io.StringIO(bench_results.to_csv(result)))
        self.assertEqual(float(line["times_as_fast"]), 1.2)
        ElementTree.fromstring(bench_page.page(result).split("\n", 1)[1])

    def test_a_missed_target_is_told(self):
        both = [samples(f"engine/laggd/{RING}", [10.0]),
                samples(f"engine/net_bonding/{RING}", [10.9])]
        self.assertIs(result_of(*both)["ratios"][0]["met"], False)
        self.assertIn("MISSED", bench_results.to_text(result_of(*both)))
        both[1] = samples(f"engine/net_bonding/{RING}", [11.1])
        self.assertIs(result_of(*both)["ratios"][0]["met"], True)


class Scaling(unittest.TestCase):
    def test_two_workers_at_the_same_cost_a_packet_do_twice_as_much(self):
        [entry] = bench_results.scaling(samples(f"engine/laggd/{RING}/workers:1", [10.0], [100.0]) +
                                        samples(f"engine/laggd/{RING}/workers:2", [10.0], [180.0]))
        self.assertAlmostEqual(entry["by_core_time"]["of_medians"], 2.0)
        self.assertAlmostEqual(entry["by_clock"]["of_medians"], 1.8)
        self.assertIs(entry["met"], True)

    def test_two_workers_that_hinder_each_other_miss_the_target(self):
        [entry] = bench_results.scaling(samples(f"engine/laggd/{RING}/workers:1", [10.0]) +
                                        samples(f"engine/laggd/{RING}/workers:2", [12.0]))
        self.assertIs(entry["met"], False)


class Comparisons(unittest.TestCase):
    USUAL = "members:4/burst:32/flows:1024/hot"

    def of(self, *lists):
        return {entry["name"]: entry
                for entry in bench_results.comparisons([one for each in lists for one in each])}

    def test_other_kinds_of_frames_are_put_in_terms_of_ipv4_of_the_same_policy(self):
        rows = [f"distribute/laggd/{policy}/{self.USUAL}" for policy in ("layer2", "layer3+4")]
        found = self.of(samples(rows[0], [10.0]), samples(rows[1], [20.0]),
                        samples(f"{rows[1]}/ipv6", [29.0]),
                        samples(f"{rows[1]}/vlan", [31.0]), samples(f"{rows[1]}/qinq", [80.0]),
                        samples(f"distribute/net_bonding/layer3+4/{self.USUAL}/ipv6", [90.0]))
        self.assertEqual({name.rsplit("/")[-1]: (entry["value"], entry["met"])
                          for name, entry in found.items()},
                         {"ipv6": (1.45, True), "vlan": (1.55, False), "qinq": (4.0, None)})

    def test_a_small_policy_may_add_fifteen_cycles_and_others_are_only_shown(self):
        hash_row = f"distribute/laggd/layer3+4/{self.USUAL}"
        names = {who: f"distribute/laggd/{who}/{self.USUAL}"
                 for who in ("bpf:port", "bpf:five-tuple", "bpf:storage")}
        found = self.of(samples(hash_row, [10.0, 20.0, 30.0]),
                        samples(names["bpf:port"], [25.0, 35.0, 45.0]),
                        samples(names["bpf:five-tuple"], [26.0, 36.0, 46.0]),
                        samples(names["bpf:storage"], [90.0] * 3))
        self.assertEqual([found[name]["value"] for name in names.values()], [15.0, 16.0, 70.0])
        self.assertEqual([found[name]["met"] for name in names.values()], [True, False, None])

    def test_a_policy_is_compared_with_the_hash_on_the_same_frames(self):
        found = self.of(samples(f"distribute/laggd/layer3+4/{self.USUAL}", [10.0]),
                        samples("distribute/laggd/bpf:port/members:4/burst:32/flows:1024/cold",
                                [50.0]))
        self.assertEqual(found, {})

    def test_the_limit_of_a_policy_is_for_the_usual_row(self):
        captured = "members:4/burst:32/flows:182/hot/captured"
        [entry] = self.of(samples(f"distribute/laggd/layer3+4/{captured}", [40.0]),
                          samples(f"distribute/laggd/bpf:port/{captured}", [90.0])).values()
        self.assertEqual((entry["value"], entry["met"]), (50.0, None))

    def test_failover_may_cost_half_a_cycle_more(self):
        for ours, met in ((1.1, True), (1.2, False)):
            found = self.of(samples(f"distribute/laggd/failover/{self.USUAL}", [ours]),
                            samples(f"distribute/net_bonding/failover/{self.USUAL}", [0.65]))
            self.assertIs(found[f"distribute/laggd/failover/{self.USUAL}"]["met"], met)

    def flat(self, **cycles):
        return self.of(
            *(samples(f"distribute/laggd/layer2/members:{number}/burst:32/flows:1024/hot", values)
                         for number, values in cycles["members"].items()))

    def test_members_are_flat_from_two_to_the_most(self):
        [entry] = self.flat(members={1: [1.0], 2: [10.0], 4: [12.0], 31: [12.9]}).values()
        self.assertEqual(entry["name"],
                         "distribute/laggd/layer2/members:2..31/burst:32/flows:1024/hot")
        self.assertAlmostEqual(entry["value"], 1.29)
        self.assertIs(entry["met"], True)
        [entry] = self.flat(members={2: [10.0], 4: [14.0], 31: [12.9]}).values()
        self.assertEqual(bench_results.beside(entry), "members:4 beside members:2")
        self.assertIn("members:4/", entry["row"])
        self.assertIn("members:2/", entry["base"])
        self.assertIs(entry["met"], False)

    def test_a_machine_that_gets_slower_is_not_uneven(self):
        # One row was disturbed in the second round and the other in the third.
        [entry] = self.flat(members={2: [10.0, 20.0, 90.0], 31: [11.0, 60.0, 66.0]}).values()
        self.assertAlmostEqual(entry["value"], 1.1)

    def test_flows_of_a_million_and_of_one_belong_together(self):
        [entry] = self.of(
            *(samples(f"distribute/laggd/layer3+4/members:4/burst:32/flows:{flows}/hot", [cycles])
                            for flows, cycles in ((1, 10.0), (1024, 11.0),
                                                  (1000000, 14.0)))).values()
        self.assertEqual((entry["name"].split("/")[5], entry["met"]), ("flows:1..1000000", False))

    def test_what_is_missed_is_told_and_counted(self):
        result = result_of(samples(f"distribute/laggd/layer2/{self.USUAL}", [10.0]),
                           samples(f"distribute/laggd/layer2/{self.USUAL}/vlan", [16.0]))
        self.assertEqual(bench_results.judged(result),
                         [(f"distribute/laggd/layer2/{self.USUAL}/vlan",
                                                         "1.60 times (beside ipv4)", "at most 1.5",
                           False)])
        self.assertRegex(bench_results.to_text(result), "at most 1.5 +MISSED")
        page = bench_page.page(result)
        self.assertIn("0 of 1 targets are met", page)
        self.assertIn("1.60 times", page)


class Output(unittest.TestCase):
    def setUp(self):
        evenness = {"pattern": "<one>", "policy": "layer3+4", "members": 4, "laggd_flows": 1.01,
                    "laggd_bytes": 1.02,
                    "net_bonding_flows": 1.5, "net_bonding_bytes": 1.25, "ideal_flows": 1.015,
                    "ideal_bytes": 1.03}
        self.result = result_of(samples(f"engine/laggd/{RING}", [10.0, 12.0]),
                                samples(f"engine/net_bonding/{RING}", [40.0, 30.0]),
                                [{"name": "build_after_loss/4", "round": 0, "nanoseconds": 123.0}],
                                evenness=[evenness], notes=["less & more"])

    def test_the_page_is_well_formed_and_needs_nothing_else(self):
        text = bench_page.page(self.result)
        root = ElementTree.fromstring(text.split("\n", 1)[1])
        words = "".join(root.itertext())
        for told in (RING, "<one>", "a <fast> one & more", "less & more", "1.250", "123.0"):
            self.assertIn(told, words)
        for part in root.iter():
            self.assertFalse({"src", "href"} & set(part.attrib), "the page loads something")

    def test_bars_are_as_long_as_the_figures(self):
        root = ElementTree.fromstring(bench_page.page(self.result).split("\n", 1)[1])
        bars = {rect.get("class"): float(rect.get("width"))
                for rect in root.iter("{http://www.w3.org/2000/svg}rect")}
        self.assertAlmostEqual(bars["theirs"] / bars["ours"], 35 / 11, places=1)
        self.assertLess(bars["theirs"], bench_page.WIDE - bench_page.LABEL)

    def test_an_empty_result_makes_a_page_too(self):
        ElementTree.fromstring(bench_page.page(result_of()).split("\n", 1)[1])

    def test_the_csv_has_a_line_for_every_row(self):
        lines = list(csv.DictReader(io.StringIO(bench_results.to_csv(self.result))))
        self.assertEqual([line["name"] for line in lines],
                         [row["name"] for row in self.result["rows"]])
        self.assertEqual(float(lines[0]["cycles_per_packet_median"]), 11.0)
        self.assertAlmostEqual(float(lines[0]["times_as_fast"]), 3.25)
        self.assertEqual(lines[2]["cycles_per_packet_median"], "")

    def test_the_table_shows_the_quotient(self):
        line = next(line for line in bench_results.to_text(self.result).splitlines()
                    if line.startswith("engine/laggd"))
        self.assertRegex(line, r" 11\.0 +35\.0 .* 3\.25 ")


    def test_a_row_that_is_compared_with_nothing_is_told_once(self):
        lines = bench_results.to_text(self.result).splitlines()
        self.assertEqual([line.split() for line in lines if line.startswith("build_after_loss/4")],
                         [["build_after_loss/4", "-", "-", "123.0"]])
        self.assertNotIn(f"engine/net_bonding/{RING}", [line.split(" ")[0] for line in lines])


class Machine(unittest.TestCase):
    def test_a_busy_machine_is_refused_with_the_way_out(self):
        self.assertIsNone(bench_machine.complaint(0.05))
        self.assertIn("--even-if-loaded", bench_machine.complaint(1.4))


if __name__ == "__main__":
    unittest.main()
