"""The figures of docs/performance.md, out of a run of scripts/bench and out of nothing else.

The page says what is measured and how to read it; the run replaces what stands between two marks.
"""

import re
from pathlib import Path

from . import failover_results
from .bench_results import judged, label, why_no_target

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- written by scripts/bench -->", "<!-- end of the figures -->"
# The rows worth showing to somebody who has not measured himself; all of them are in the files.
HEADLINES = [
    r"^distribute/laggd/(layer2|layer3\+4|roundrobin|broadcast)/members:4/burst:32/flows:1024/hot$",
    r"^distribute/laggd/layer3\+4/members:4/burst:32/flows:1024/hot/(ipv6|vlan)$",
    r"^distribute/laggd/layer3\+4/members:4/.*/captured$",
    r"^collect/laggd/lacp/members:4/burst:32/hot$",
    r"^engine/laggd/[^/]*/layer3\+4/members:4/(up|down)$"]
SPEED = ["row", "cycles: laggd", "net_bonding", "Mpps: laggd", "net_bonding", "times as fast",
         "target"]
FAILOVER = ["row", "pulls", "ms: p50", "p99", "p99.9", "most", "frames lost"]


def is_headline(entry):
    """Whether a quotient is worth its line: of two twins, only the one that does the same work."""
    return not why_no_target(entry) and any(re.search(row, entry["name"]) for row in HEADLINES)


def speed_cells(result):
    """The headline quotients as texts, below SPEED."""
    by_name = {row["name"]: row for row in result["rows"]}

    def figure(name, kind, digits, unit=1.0):
        row = by_name[name]
        return f"{row[kind]['median'] / unit:.{digits}f}" if kind in row else "-"

    return [[label(entry),
             *(figure(entry[who], "cycles_per_packet", 1) for who in ("name", "twin")),
             *(figure(entry[who], "packets_per_second", 2, 1e6) for who in ("name", "twin")),
             f"{entry['times_as_fast']:.2f}", _verdict(entry)]
            for entry in result["ratios"] if is_headline(entry)]


def _verdict(entry):
    if entry["target"] is None:
        return ""
    return f"{entry['target']:.2f} {'met' if entry['met'] else '**missed**'}"


def failover_cells(result):
    """What became of pulls, frames by way of the lagg, as texts below FAILOVER."""
    return [[row["name"], str(row["pulls"]),
             *(failover_results.milliseconds(row["moved_ms"][kind])
               for kind in failover_results.KINDS),
             str(row["lost"]["total"])]
            for row in result["failover"] if row["name"].endswith("/pull/down")
            and "moved_ms" in row]


def markdown(head, cells):
    """A table; the first column to the left, figures to the right."""
    return "\n".join(f"| {' | '.join(row)} |" for row in
                     [head, ["---", *["---:"] * (len(head) - 1)], *cells]) + "\n"


def figures(result):
    """Everything between the marks."""
    verdicts = judged(result)
    missed = [f"- missed: {name}: {value}, {target}"
              for name, value, target, met in verdicts if not met]
    machine = ", ".join(f"{key.replace('_', ' ')}: {value}"
                        for key, value in result["machine"].items())
    parts = [f"{machine}.\n",
             "\n".join([f"{len(verdicts) - len(missed)} of {len(verdicts)} targets are met.",
                        *missed]) + "\n",
             *(f"- note: {note}\n" for note in result["notes"])]
    for title, head, cells in (("Speed", SPEED, speed_cells(result)),
                               ("A pulled cable", FAILOVER, failover_cells(result))):
        if cells:
            parts.append(f"## {title}\n\n{markdown(head, cells)}")
    return "\n".join(parts)


def write(result, document=DOCUMENT):
    """Puts the figures of a run in the place of those that are there."""
    text = document.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    document.write_text(f"{before}{BEGIN}\n\n{figures(result)}\n{END}{after}", encoding="utf-8")
