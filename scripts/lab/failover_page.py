"""The part of the benchmarks' page that is about failover: tables, and each row's distribution."""

import math

from . import failover_results as results
from .page_parts import escape, table, tag

WIDE, LABEL, STRIP, GAP, TOP = 900, 330, 26, 12, 22
KEY = ("Until the first frame of a flow that was moved came by another port, in milliseconds on a "
       "scale of powers of ten: a bar for the pulls of each tenth of a power, its height their "
       "share of the row's largest. The thin line is the p99.9, the dashed one the target.")


WORDS = ("moved: from the event until the first frame on another port. dead: until the last frame "
         "was given to the dead port. lost: of all pulls, and the most of one; after: when the "
         "cable was plugged in. late: older than 10 ms when they came out, after the cable was "
         "back; stale: those of them that came by the port that was dead, where ports are known. "
         "stuck: pulls after which the port carried nothing for seconds.")


def _x(value):
    """Where so many milliseconds are."""
    place = (math.log10(value) if value > 0 else results.LEAST) - results.LEAST
    return LABEL + min(max(place / (results.GREATEST - results.LEAST), 0), 1) * (WIDE - LABEL - 20)


def _axis(height):
    lines = []
    for power in range(results.LEAST, results.GREATEST + 1):
        x = round(_x(10.0 ** power), 1)
        lines.append(tag("line", x1=x, x2=x, y1=TOP - 6, y2=height, class_="axis"))
        lines.append(tag("text", f"{10.0 ** power:g} ms", x=min(x - 14, WIDE - 62), y=12,
                         class_="small"))
    return lines


def _strip(row, y, style):
    """One row: its name, its bars, its p99.9 and its target."""
    parts = [tag("text", escape("/".join(row["name"].split("/")[3:])), x=0, y=y + STRIP - 6)]
    greatest = max(row["moved_bins"])
    step = 1 / results.BINS_PER_DECADE
    for number, count in enumerate(row["moved_bins"]):
        if count == 0:
            continue
        height = round(max(1.5, STRIP * count / greatest), 1)
        left = _x(10 ** (results.LEAST + number * step))
        right = _x(10 ** (results.LEAST + (number + 1) * step))
        parts.append(tag("rect", x=round(left, 1), y=round(y + STRIP - height, 1),
                         width=round(right - left - 0.5, 1), height=height, class_=style))
    if "moved_ms" in row:
        x = round(_x(row["moved_ms"]["p99.9"]), 1)
        parts.append(tag("line", x1=x, x2=x, y1=y, y2=y + STRIP, class_="spread"))
    if limit := results.time_limit(row["name"]):
        x = round(_x(limit), 1)
        parts.append(tag("line", x1=x, x2=x, y1=y - 3, y2=y + STRIP + 3, class_="spread",
                         stroke_dasharray="3 3")
                     .replace("stroke_dasharray", "stroke-dasharray"))
    return parts


def chart(rows, title):
    """Distributions of rows below each other."""
    height = TOP + len(rows) * (STRIP + GAP)
    parts = _axis(height)
    for number, row in enumerate(rows):
        ours = row["name"].split("/")[1] == results.OURS
        parts += _strip(row, TOP + number * (STRIP + GAP), "ours" if ours else "theirs")
    return tag("svg", "\n".join(parts), xmlns="http://www.w3.org/2000/svg",
               viewBox=f"0 0 {WIDE} {height}", role="img",
               aria_label=title).replace("aria_label", "aria-label")


def section(result):
    """All of it; empty where no failover was measured."""
    rows = result["failover"]
    if not rows:
        return ""
    groups = {}
    for row in rows:
        if any(row["moved_bins"]):
            words = row["name"].split("/")
            groups.setdefault(f"{words[1]} over {words[2]}", []).append(row)
    ratios = results.ratio_cells(rows)
    beside = (tag("p", "How many times as long net_bonding takes until traffic is on another port; "
                       "it asks after links every 10 ms, where laggd is told.") +
              table(["", *results.KINDS], ratios)) if ratios else ""
    return (tag("h2", "Failover") + tag("p", KEY) +
            "\n".join(tag("h3", escape(title)) + chart(group, title)
                      for title, group in groups.items()) + beside +
            tag("p", WORDS) +
            table(["", *results.HEAD[1:]], results.cells(rows)))
