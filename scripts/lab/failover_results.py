"""What became of the pulls of scripts/lab/failover_bench.py: percentiles, distributions, and what
has a target. Pure, as bench_results.py is.

A pull is {"name", "pull", "off_core_ms", "dead_ms", "moved_ms", "sent", "lost", "lost_after",
"doubled", "reordered", "late", "stale"}, and where a port can be stuck {"stuck"}. Times are
milliseconds from the event: until the last frame was given to the dead port, and until the first
frame of a moved flow came by another one.
"""

import math
import re

OURS, THEIRS = "laggd", "net_bonding"
TIMES = ("dead_ms", "moved_ms")
COUNTS = ("lost", "lost_after", "doubled", "reordered", "late", "stale", "stuck")
QUANTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
KINDS = (*QUANTILES, "max")
# At most so many ms may pass until traffic is on another port, of 999 pulls in 1000.
TIME_LIMITS = [(r"^failover/laggd/net_ring/.*/pull/down$", 1.0),
               (r"^failover/laggd/(net_ring-polled|af_[^/]*)/.*/pull(-two|-churn)?/down$", 12.0),
               (r"^failover/laggd/af_[^/]*/lacp/.*/pull/up$", 12.0),
               # A guest in software emulation only has to notice a link in time.
               (r"^failover/laggd/vm-[^/]*/.*/pull/down$", 100.0),
               # Three LACPDUs a second apart do not come, and the port is given up.
               (r"^failover/laggd/.*/silent/(down|up)$", 3200.0)]
# And at most so many of these in all pulls together.
COUNT_LIMITS = [(r"^failover/laggd/(af_|vm-).*/pull(-two|-churn)?/down$", "stale", 0),
                (r"^failover/laggd/af_[^/]*/lacp/.*/pull/up$", "stale", 0),
                (r"^failover/laggd/(af_|vm-).*/pull(-two|-churn)?/down$", "stuck", 0),
                (r"^failover/laggd/.*/(drain|removal)/down$", "lost", 0),
                (r"^failover/laggd/.*/drain/(down|up)$", "reordered", 0)]
# Bins of distributions: so many for every power of ten, from and to 10 ** of these milliseconds.
BINS_PER_DECADE, LEAST, GREATEST = 10, -2, 4


def quantile(values, share):
    """The least value that so large a share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summary(values):
    return {kind: quantile(values, share)
            for kind, share in QUANTILES.items()} | {"max": max(values)}


def bins(values):
    """How many values are in each bin; what is outside is in the first or last one."""
    counts = [0] * (BINS_PER_DECADE * (GREATEST - LEAST))
    for value in values:
        place = int((math.log10(value) - LEAST) * BINS_PER_DECADE) if value > 0 else 0
        counts[min(max(place, 0), len(counts) - 1)] += 1
    return counts


def never_moved(pull):
    """Whether frames were lost and none was seen on another port before the cable was back."""
    return pull["moved_ms"] is None and pull["lost"] > 0


def rows(pulls):
    """One row a name, in the order the names came."""
    table = []
    for name in dict.fromkeys(pull["name"] for pull in pulls):
        of_name = [pull for pull in pulls if pull["name"] == name]
        row = {"name": name, "pulls": len(of_name), "never_moved": sum(map(never_moved, of_name))}
        for key in TIMES:
            values = [pull[key] for pull in of_name if pull.get(key) is not None]
            if values:
                row[key] = summary(values)
        row["moved_bins"] = bins([pull["moved_ms"] for pull in of_name
                                  if pull["moved_ms"] is not None])
        for key in COUNTS:
            row[key] = {"total": sum(pull.get(key, 0) for pull in of_name),
                        "max": max(pull.get(key, 0) for pull in of_name)}
        table.append(row)
    return table


def time_limit(name):
    return next((limit for pattern, limit in TIME_LIMITS if re.search(pattern, name)), None)


def is_excused(pull, limit):
    """Whether threads waited meanwhile for a core for longer than half the limit. Such a pull says
    more of the machine, and does not count whatever it came to, so that what is left is not chosen
    by its figures; unless it is over the limit by more than they waited."""
    waited = pull["off_core_ms"]
    return (waited > limit / 2 and pull["moved_ms"] is not None
            and pull["moved_ms"] <= limit + waited)


def verdicts(pulls):
    """[{"name", "what", "value", "limit", "excused", "met"}] of everything that has a limit."""
    table = []
    for name in dict.fromkeys(pull["name"] for pull in pulls):
        of_name = [pull for pull in pulls if pull["name"] == name]
        limit = time_limit(name)
        values = [pull["moved_ms"] for pull in of_name if pull["moved_ms"] is not None and
                  not (limit and is_excused(pull, limit))]
        never = any(map(never_moved, of_name))
        if limit and (values or never):
            value = None if never else quantile(values, QUANTILES["p99.9"])
            table.append({"name": name, "what": "moved p99.9", "value": value, "limit": limit,
                          "excused": sum(is_excused(pull, limit) for pull in of_name),
                          "met": value is not None and value <= limit})
        for pattern, key, most in COUNT_LIMITS:
            if re.search(pattern, name):
                total = sum(pull.get(key, 0) for pull in of_name)
                table.append({"name": name, "what": key, "value": total, "limit": most,
                              "excused": 0, "met": total <= most})
    return table


def in_words(verdict):
    """(what it came to, target) of a verdict."""
    if verdict["what"] in COUNTS:
        return f"{verdict['value']} {verdict['what']}", f"at most {verdict['limit']}"
    excused = f", {verdict['excused']} pulls put down to the machine" if verdict["excused"] else ""
    value = ("never in some pull" if verdict["value"] is None
             else f"{milliseconds(verdict['value'])} ms")
    return f"{verdict['what']} {value}{excused}", f"at most {verdict['limit']:g} ms"


def judged(pulls):
    """As bench_results.judged()."""
    return [(verdict["name"], *in_words(verdict), verdict["met"]) for verdict in verdicts(pulls)]


def ratios(table):
    """How many times as fast laggd moves as net_bonding: {"name", "twin", kind: quotient}."""
    by_name = {row["name"]: row for row in table}
    entries = []
    for name, row in by_name.items():
        words = name.split("/")
        twin = by_name.get("/".join([words[0], THEIRS, *words[2:]])) if words[1] == OURS else None
        if twin and "moved_ms" in row and "moved_ms" in twin and words[-1] == "down":
            entries.append({"name": name, "twin": twin["name"],
                            **{kind: twin["moved_ms"][kind] / row["moved_ms"][kind]
                               for kind in KINDS
                               if row["moved_ms"][kind] > 0}})
    return entries


def milliseconds(value):
    """In as many digits as say something."""
    return f"{value:.3f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def _quantiles(row, key):
    return [milliseconds(row[key][kind]) if key in row else "-" for kind in KINDS]


HEAD = ["failover, ms", "pulls", "moved p50", "p99", "p99.9", "max", "dead p50", "p99", "p99.9",
        "max", "lost", "most", "after", "doubled", "reordered", "late", "stale", "stuck"]


def cells(table):
    """The rows as a table of texts, below HEAD."""
    return [[row["name"], str(row["pulls"]), *_quantiles(row, "moved_ms"),
             *_quantiles(row, "dead_ms"),
             str(row["lost"]["total"]), str(row["lost"]["max"]), str(row["lost_after"]["total"]),
             *(str(row[key]["total"])
               for key in ("doubled", "reordered", "late", "stale", "stuck"))] for row in table]


def ratio_cells(table):
    return [[entry["name"], *(f"{entry[kind]:.1f}" if kind in entry else "-" for kind in KINDS)]
            for entry in ratios(table)]


CSV_COLUMNS = [*(f"{key}_{kind}" for key in TIMES for kind in KINDS), *COUNTS]


def csv_values(row):
    return [*(row[key][kind] if key in row else "" for key in TIMES for kind in KINDS),
            *(row[key]["total"] for key in COUNTS)]
