"""Builds, and runs every test; see --help.

The tests are run three times: all of them in a release build, and the unit tests in builds with
AddressSanitizer and UndefinedBehaviorSanitizer, and with ThreadSanitizer. The suites that test the
whole daemon mostly wait, and begin as soon as it is built; meanwhile everything else is built and
run behind them, at the lowest priority. Bound NICs, in an emulated machine that needs every core,
come last and alone.

A test of the smoke, the conformance or the guest suite that fails is run once more, since the
machine may have stood still for a second while it measured. That it needed two tries is said at the
end.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Compiling takes longer than running, and most of that goes into optimizing the checks of two
# sanitizers. Those of threads cost little, and without any optimization the compiler finds in
# DPDK's headers what it warns of. What is reported needs file and line and no more: -g1 makes a
# third less to write than -g. All sources of a target are compiled as one, which takes a third of
# the time; the release build finds what one of them forgot to include.
FOR_SANITIZERS = ["-Ddebug=false", "-Dbenchmarks=false", "-Dunity=on", "-Dunity_size=1000"]
# Directory, meson settings, suites, and which tests of them; none named means all.
BUILDS = {
    "release": ("build", ["-Dtests=true", "-Dbenchmarks=true"],
                ["unit", "smoke", "conformance", "guest", "long"], []),
    "asan": ("build-asan", ["-Db_sanitize=address,undefined", "-Dcpp_args=-g1", "-Doptimization=0",
                             *FOR_SANITIZERS], ["unit"], []),
    # Only what has threads, with DPDK's rings in the memory model that the sanitizer knows.
    "tsan": ("build-tsan", ["-Db_sanitize=thread", "-Dcpp_args=-g1 -DRTE_USE_C11_MEM_MODEL",
                            "-Doptimization=1",
                             *FOR_SANITIZERS], ["unit"],
             ["worker", "api", "kernel interface"]),
}
# Timers of minutes, and every combination of LACP partners: more than an hour.
ONLY_WHEN_ASKED = ["long"]
# How many times as long as meson.build says a test may take: its limits are for a release build on
# an idle machine, and the next build is made meanwhile. A sanitizer costs about five times the
# time.
PATIENCE = {"release": 3, "asan": 10, "tsan": 10}
UNIT = "unit"
# Suites that measure times.
MEASURING = ["smoke", "conformance", "guest"]
# The suite of an emulated machine, which has to have the real one for itself.
GUEST = "guest"
# How many of their tests run at once: they mostly wait for timers of seconds.
WAITING_AT_ONCE = "3"
# Targets that the suites of the whole daemon need.
OF_THE_DAEMON = ("laggd/laggd laggctl/laggctl lagglab/lagglab "
                 "tests/smoke/libslow_start.so tests/smoke/libkill_at.so "
                 "bench/failover/cable_failover")
LOWEST = ["nice", "-n", "19"]
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan.supp:halt_on_error=1:second_deadlock_stack=1",
}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="*", metavar="BUILD", default=list(BUILDS),
                        help=f"which of {', '.join(BUILDS)} (default: all)")
    parser.add_argument("--suite", action="append",
                        help="only this meson suite: unit, smoke, conformance, guest or long")
    options = parser.parse_args()
    if unknown := [name for name in options.builds if name not in BUILDS]:
        parser.error(f"there is no build '{unknown[0]}'; there are {', '.join(BUILDS)}")
    return options


def make(name, targets, behind=False, configured=False):
    """Builds those targets; True when that went well."""
    directory, settings = BUILDS[name][:2]
    command = [*(LOWEST if behind else []), ROOT / "scripts" / "build",
               *([] if configured else settings)]
    environment = {**os.environ, "BUILD_DIR": directory, "TARGETS": targets}
    return subprocess.run(command, env=environment, check=False).returncode == 0


def make_tests(name, behind):
    if name == "release":
        return make(name, "all", behind, configured=behind)
    # A sanitizer build makes the tests it runs and nothing else.
    return make(name, "build.ninja", behind) and make(name, " ".join(programs(name)), behind,
                                                      configured=True)


def tests_of(name):
    """The tests of a build that is set up, as meson tells them."""
    directory, _, suites, only = BUILDS[name]
    told = subprocess.run(["meson", "introspect", "--tests", ROOT / directory], capture_output=True,
                          check=True)
    return [test for test in json.loads(told.stdout)
            if any(suite.split(":")[-1] in suites for suite in test["suite"]) and
            (not only or test["name"] in only)]


def programs(name):
    """The programs those tests are, and the client that one of them starts."""
    directory = ROOT / BUILDS[name][0]
    made = {os.path.relpath(test["cmd"][0], directory) for test in tests_of(name)}
    return sorted(target for target in made
                  if not target.startswith("..")) + ["laggctl/laggctl"]


def run(name, suites, tests, behind=False):
    """Runs tests of one build, all of those suites or the named ones; the rows of meson's log.
    Behind others its output is printed in one piece at the end."""
    directory = ROOT / BUILDS[name][0]
    log_name = "-".join(suites)  # two runs at once must not have one log
    log = directory / "meson-logs" / f"{log_name}.json"
    log.unlink(missing_ok=True)
    command = [*(LOWEST if behind else []), "meson", "test", "-C", directory, "--no-rebuild",
               "--print-errorlogs",
               "--num-processes", "2" if UNIT in suites else WAITING_AT_ONCE,
               "--logbase", log_name, "--timeout-multiplier", str(PATIENCE[name])]
    for suite in suites:
        command += ["--suite", suite]
    done = subprocess.run(command + tests, cwd=ROOT, env={**SANITIZERS, **os.environ}, check=False,
                          text=True, stdout=subprocess.PIPE if behind else None)
    print(f"\n== {name}: {', '.join(suites)}\n{done.stdout}" if behind else "", end="", flush=True)
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text().splitlines()]


def name_of(row):
    return row["name"].split(" / ")[-1]


@dataclass
class Result:
    """What came of suites of one build: no rows where it could not be built."""
    name: str
    rows: list = field(default_factory=list)
    second_tries: list = field(default_factory=list)  # names of tests that passed only then


def run_twice(name, suites):
    """The suites of the whole daemon, and once more what failed of those that measure times."""
    print(f"\n== {name}: {', '.join(suites)}", flush=True)
    rows = run(name, suites, [])
    failed = [name_of(row) for row in rows if row["result"] not in ("OK", "SKIP")
              and any(f":{suite} /" in row["name"] for suite in MEASURING)]
    if not failed:
        return Result(name, rows)
    print(f"\nonce more: {', '.join(failed)}", flush=True)
    again = {row["name"]: row for row in run(name, suites, failed)}
    rows = [again.get(row["name"], row) for row in rows]
    return Result(name, rows, [name_of(row) for row in again.values() if row["result"] == "OK"])


def make_and_run(name, behind):
    """The unit tests of one build."""
    if not make_tests(name, behind):
        return Result(name)
    return Result(name, run(name, [UNIT], BUILDS[name][3], behind))


def all_results(wanted):
    """Runs the wanted suites of each build, by its name."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        whole = {name: rest for name, suites in wanted.items()
                 if (rest := [s for s in suites if s not in (UNIT, GUEST)])}
        guests = [name for name, suites in wanted.items() if GUEST in suites]
        made = {name: make(name, OF_THE_DAEMON) for name in {**whole, **dict.fromkeys(guests)}}
        behind = [executor.submit(make_and_run, name, bool(whole))
                  for name, suites in wanted.items()
                  if UNIT in suites]
        results = [run_twice(name, suites) if made[name] else Result(name)
                   for name, suites in whole.items()]
        results += [unit.result() for unit in behind]
        return results + [run_twice(name, [GUEST]) for name in guests if made[name]]


def reason_of_skip(row):
    """The last thing a skipped test said; GoogleTest and our scripts both end with the reason."""
    said = [line.strip() for line in (row.get("stdout", "") + row.get("stderr", "")).splitlines()
            if line.strip()]
    return said[-1] if said else "no reason given"


def suites_of(name, options):
    """The suites of a build to be run."""
    of_build = BUILDS[name][2]
    if options.suite:
        return [suite for suite in options.suite if suite in of_build]
    return [suite for suite in of_build if suite not in ONLY_WHEN_ASKED]


def main():
    options = arguments()
    started = time.monotonic()
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    table, skipped, timings, second_tries = [], [], [], []
    wanted = {name: suites for name in options.builds if (suites := suites_of(name, options))}
    for result in all_results(wanted):
        if not result.rows:
            counts["failed"] += 1
            table.append((result.name, "the build", "FAIL", 0.0))
        second_tries += [(result.name, test) for test in result.second_tries]
        for row in result.rows:
            outcome = {"OK": "passed", "SKIP": "skipped"}.get(row["result"], "failed")
            counts[outcome] += 1
            table.append((result.name, name_of(row), row["result"], row["duration"]))
            if outcome == "skipped":
                skipped.append((result.name, row["name"], reason_of_skip(row)))
            timings += re.findall(r"^timing: .*", row.get("stdout", ""), re.M)
    print("\nbuild    result   seconds  test")
    for name, test, result, seconds in table:
        print(f"{name:8} {result:8} {seconds:7.1f}  {test}")
    print("".join(f"{line}\n" for line in timings), end="")
    for name, test in second_tries:
        print(f"passed at the second try only, in {name}: {test}")
    for name, test, reason in skipped:
        print(f"skipped in {name}: {test}: {reason}")
    print(f"\n{time.monotonic() - started:.0f} s in all")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
