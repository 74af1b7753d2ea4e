"""Runs scenarios in the guest, one after the other.

    python3 -m lab.bound.inside SETTINGS

SETTINGS is a JSON file of the host: scenarios, laggd, laggctl, eal, the directory for results, and of
scenarios that pull cables cable_failover (the program), pulls and seconds of each row.
"""

import json
import sys
import traceback
from pathlib import Path

from ..command import LabError
from ..laggd import Programs
from ..report import Report
from .guest import Guest
from .scenarios import SCENARIOS
from .steps import Booked

REPORT = "report.json"
LAST_WORDS = 25  # lines of laggd's log, when something went wrong


def play(guest, report, name):
    """One scenario; what it did not get to is a requirement that is not met."""
    report.title(name)
    failed_before = sum(not check["ok"] for check in report.checks)
    try:
        SCENARIOS[name](guest, report, name)
    except Booked:
        pass
    except LabError as error:
        report.check(name, "the scenario runs to its end", str(error).splitlines()[0], "", False)
        report.show(str(error))
    except Exception:  # a mistake of ours must not cost the other scenarios
        report.check(name, "the scenario runs to its end", "exception", "", False)
        report.show(traceback.format_exc())
    if guest.laggd and sum(not check["ok"] for check in report.checks) > failed_before:
        report.say("laggd's last words")
        lines = [line for line in guest.laggd.said(10000).splitlines() if "dpdk: EAL" not in line]
        report.show("\n".join(lines[-LAST_WORDS:]))
    try:
        guest.end()
    except (LabError, OSError) as error:
        report.check(name, "the guest is as it was before", str(error).splitlines()[0], "", False)


def main():
    settings = json.loads(Path(sys.argv[1]).read_text())
    report = Report()
    results = Path(settings["directory"])
    try:
        guest = Guest(Programs("", settings["laggd"], settings["laggctl"]), results,
                      settings["eal"])
        guest.cable_failover, guest.pulls, guest.seconds = (
            settings[key] for key in ("cable_failover", "pulls", "seconds"))
        report.say("the NICs are bound")
        for name in settings["scenarios"]:
            play(guest, report, name)
            report.write_json(results / REPORT)
        report.complete = True
    finally:
        report.table()
        report.write_json(results / REPORT)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
