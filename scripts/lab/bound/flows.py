"""A queue of their own for LACPDUs, on the one driver that offers it in any guest: net_tap, whose
rules are filters of the kernel. Linux bonding is over the kernel's ends of the TAPs."""

import re

from ..command import wait_for
from ..laggd import config_text
from .bond import Bond
from .patience import PATIENCE
from .steps import UP_LIMIT, Steps

TAPS = ["t0", "t1"]
LAGG = "lagg0"
SLOW_QUEUE, DATA_QUEUE = 1, 0
FEATURE = "LACPDUs have a receive queue of their own"
TARGET, HARDWARE = "192.0.2.14", "02:00:00:00:00:01"  # nobody
# The bond takes that of a TAP, and laggd would have the same.
MAC = "02:00:00:00:1a:10"
LEAST_LACPDUS, DATA_FRAMES = 5, 50


def flows(guest, report, name):
    """net_tap: LACPDUs come by a queue of their own, and data does not."""
    steps = Steps(guest, report, name)
    guest.begin(name, [])
    guest.laggd.config.write_text(config_text(
        {"memory": "hugepages", "api": str(guest.laggd.socket), "log": "debug"},
        [{"name": tap, "device": f"net_{tap.replace('t', 'tap')},iface={tap}"} for tap in TAPS],
        [{"name": LAGG, "ports": TAPS, "protocol": "lacp", "mac": MAC,
          "lacp": {"rate": "fast"}}]))
    steps.start()
    bond = Bond(guest.lagg_side, "bond0")
    try:
        bond.make(TAPS, "lacp", 1500, ["192.0.2.2/28"])
        _lacpdus(steps)
        _data(steps, bond)
    finally:
        bond.remove()
    steps.stop()


def _lacpdus(steps):
    for tap in TAPS:
        features = steps.laggd.port(tap)["features"]
        steps.book(f"{tap}: features", ", ".join(features) or "none", FEATURE, FEATURE in features)
    steps.wait("laggd sends on both", lambda: all(steps.laggd.port(tap)["distributing"]
                                                  for tap in TAPS), UP_LIMIT)
    for tap in TAPS:
        steps.wait(f"{LEAST_LACPDUS} LACPDUs on {tap}",
                   lambda tap=tap: steps.laggd.port(
                       tap)["counters"]["slow_rx"] >= LEAST_LACPDUS, UP_LIMIT)
        before = steps.laggd.port(tap)["counters"]["slow_rx"]
        led = _led(steps, tap)[SLOW_QUEUE]
        after = steps.laggd.port(tap)["counters"]["slow_rx"]
        steps.book(f"{tap}: LACPDUs led to queue {SLOW_QUEUE}",
                   f"{led}, where laggd had {before} and then {after}", "as many as laggd had",
                   before <= led <= after)


def _data(steps, bond):
    """Frames to an address that nobody has, of which no answer is wanted."""
    before = {tap: _led(steps, tap) for tap in TAPS}
    bond.namespace.run(["ip", "neigh", "replace", TARGET, "lladdr", HARDWARE, "dev", bond.name],
                       PATIENCE)
    bond.namespace.run(["ping", "-q", "-c", str(DATA_FRAMES), "-i", "0.02", "-W", "1", TARGET],
                       PATIENCE, check=False)

    def led(queue):
        return sum(_led(steps, tap)[queue] - before[tap][queue] for tap in TAPS)

    wait_for("the data", lambda: led(DATA_QUEUE) >= DATA_FRAMES, PATIENCE)
    slow = led(SLOW_QUEUE)
    steps.book(f"{DATA_FRAMES} frames of data", f"{led(DATA_QUEUE)} to queue {DATA_QUEUE}, {slow} "
                                                "to queue "
                                                f"{SLOW_QUEUE}",
               f"fewer than half to queue {SLOW_QUEUE}: LACPDUs alone",
               slow < DATA_FRAMES / 2)


def _led(steps, tap):
    """Frames that the kernel's filters led to each queue of the TAP."""
    text = steps.guest.lagg_side.run(["tc", "-s", "filter", "show", "dev", tap, "parent", "1:"],
                                     PATIENCE)
    counts = re.findall(r"queue_mapping (\d+).*?Sent \d+ bytes (\d+) pkt", text, re.S)
    return {SLOW_QUEUE: 0, DATA_QUEUE: 0, **{int(queue): int(count) for queue, count in counts}}
