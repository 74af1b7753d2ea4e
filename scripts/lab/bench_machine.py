"""The machine a benchmark runs on: what it is, whether it is quiet, and huge pages for a while."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

# Share of one core that others may use; a quiet machine of the intended size stays below it.
BUSY_SHARE = 0.15
SAMPLE_SECONDS = 2.0
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")


def _ticks():
    """Ticks of the kernel's clock spent busy, by all CPUs together."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle, wait = fields[3], fields[4]
    return sum(fields[:8]) - idle - wait


def busy_cores(seconds=SAMPLE_SECONDS):
    """How many cores are busy just now with what is not ours; only for a time in which we wait."""
    before, begun = _ticks(), time.monotonic()
    time.sleep(seconds)
    return (_ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun)


def complaint(busy):
    """Why figures of now would not be worth much, and what to do; None when the machine is
    quiet."""
    if busy <= BUSY_SHARE:
        return None
    return (f"other processes keep {busy:.1f} of {os.cpu_count()} cores busy (at most {BUSY_SHARE} "
            "is quiet): wait until they are done, or run with --even-if-loaded, which measures in "
            "turns all the same but with less to trust in absolute figures")


def _said(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def describe(root, busy):
    """The machine as results keep it."""
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    commit = _said(["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"])
    changed = _said(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"])
    return {"cpu": model[1] if model else platform.machine(), "cores": os.cpu_count(),
            "busy_cores_at_start": round(busy, 2),
            "load_average": [round(load, 2) for load in os.getloadavg()],
            "kernel": platform.release(), "dpdk": _said(["pkg-config", "--modversion", "libdpdk"]),
            "commit": commit + (" and changes" if changed else ""),
            "date": time.strftime("%Y-%m-%d %H:%M:%S %z")}


def go_ahead(pid, nice):
    """Gives a process and those it will start a priority; PermissionError when that is not ours to
    do. Where the kernel groups processes by their sessions (autogroup), a process's own priority
    counts within its group only, so the group gets it as well."""
    os.setpriority(os.PRIO_PROCESS, pid, nice)
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text(str(nice))


def follow(pid):
    """Makes the session of a process that we just started as urgent as we are."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if nice < 0:
        go_ahead(pid, nice)


class HugePages:
    """At least so many free huge pages while the block runs, where we may and memory allows;
    whether it is so is told by `there`. Afterwards the machine keeps as many as it had."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.before = None
        self.there = False

    @staticmethod
    def _memory():
        return {key: int(value) for key, value in re.findall(r"^(\w+):\s+(\d+)",
                                                             Path("/proc/meminfo").read_text(),
                                                             re.M)}

    def __enter__(self):
        memory = self._memory()
        missing = self.wanted - memory.get("HugePages_Free", 0)
        # Not more than half of what is free: others want to live too.
        if (missing > 0 and memory.get("Hugepagesize") == 2048
                and missing * 2048 * 2 < memory["MemAvailable"]):
            try:
                self.before = int(HUGE_PAGES.read_text())
                HUGE_PAGES.write_text(str(self.before + missing))
            except OSError:
                self.before = None
        self.there = self._memory().get("HugePages_Free", 0) >= self.wanted
        return self

    def __exit__(self, *_):
        if self.before is not None:
            HUGE_PAGES.write_text(str(self.before))
