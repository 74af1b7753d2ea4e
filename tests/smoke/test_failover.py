"""Cables pulled at either end while numbered frames pass: traffic moves, nothing comes twice, and
the port is used again. scripts/bench measures the same with tight limits; here they only tell that
it happens."""

import os
import random
import sys
import time
import types
import unittest

from smoke import ROOT, main, programs

from lab import failover_bench

# Milliseconds. Less than the kernel takes to tell of most lost carriers of a NIC, and time enough
# on a busy machine.
LIMIT = 300


def options():
    program = os.environ.get("LAGG_CABLE_FAILOVER") or ROOT / "build" / failover_bench.CABLE_BENCH
    return types.SimpleNamespace(programs=programs, cable_failover=program)


class Failover(unittest.TestCase):
    def pull(self, stand, turns):
        chance = random.Random(1)
        for turn in turns:
            down, up = failover_bench.pull_once(stand, "pull", turn, chance)
            told = f"pull {turn}: {down}, {up}; laggd said: {stand.daemons[0].said(10)}"
            self.assertIsNotNone(down["moved_ms"], told)
            self.assertLess(down["moved_ms"], LIMIT, told)
            self.assertEqual((down["doubled"], up["doubled"], down["stuck"]), (0, 0, 0), told)
            print(f"timing: traffic on another port {down['moved_ms']:.1f} ms after the "
                  f"{down['end']} end was pulled", file=sys.stderr)

    def test_flows_of_a_pulled_cable_move(self):
        with failover_bench.Stand(options(), "net_af_packet", "loadbalance", 2) as stand:
            self.pull(stand, range(4))  # each cable at each end

    def test_the_next_port_takes_over(self):
        with failover_bench.Stand(options(), "net_af_packet", "failover", 2) as stand:
            self.pull(stand, range(2))

    def test_a_carrier_that_the_kernel_tells_late(self):
        with failover_bench.Stand(options(), "net_af_packet", "loadbalance", 2,
                                  plain=True) as stand:
            self.pull(stand, range(4))

    def test_frames_that_a_silent_cable_swallows_are_lost(self):
        with failover_bench.Stand(options(), "net_af_packet", "loadbalance", 2,
                                  through_bridge=True) as stand:
            stand.begin()
            stand.without(0)
            at = time.monotonic_ns()
            stand.network.cables[0].break_silently()
            self.assertIsNone(stand.wait_flowing(at + 10**9))
            down, _ = stand.outcome("silent", 0, at, 0, 0, 0.0)
            self.assertGreater(down["lost"], 1000, down)
            self.assertIsNone(down["moved_ms"], down)


if __name__ == "__main__":
    main()
