"""What benchmarks measured, as plain data: samples, rows, and what one engine is in terms of
another.

A sample is one repetition of one benchmark: {"name", "round", "cycles_per_packet",
"packets_per_second"}. Names are paths, "distribute/laggd/layer3+4/members:4": the second word says
who was measured, and the same name with `net_bonding` there is its twin; where net_bonding was
measured in mode 4 as well, `net_bonding-802.3ad` is another one. Twins were measured in turns, so
the quotient of two samples of the same round is worth more than that of any two. Everything here
is pure, which is why tests/lab/test_bench.py can say so much about it.
"""

import csv
import io
import re
import statistics

from . import failover_results

OURS, THEIRS, THEIRS_LACP = "laggd", "net_bonding", "net_bonding-802.3ad"
ONE, TWO = "workers:1", "workers:2"
FIGURES = ("cycles_per_packet", "packets_per_second", "nanoseconds")
# How many times as fast as its twin a row of laggd has to be, by a pattern of its name and the
# twin that does the same work: of frames that come from members, that is the one in mode 4.
TARGETS = [(r"^engine/laggd/(net_null|net_null-ipv4|net_ring)/.*/down$", THEIRS, 1.1),
           (r"^engine/laggd/(net_null|net_null-ipv4|net_ring)/.*/up$", THEIRS_LACP, 1.1),
           (r"^engine/laggd/(vhost-user|memif)/.*/down$", THEIRS, 1.0),
           (r"^engine/laggd/(vhost-user|memif)/.*/up$", THEIRS_LACP, 1.0),
           (r"^distribute/laggd/layer3\+4/members:4/burst:32/flows:1024/hot$", THEIRS, 2.5),
           (r"^distribute/laggd/layer2(\+3)?/members:4/burst:32/flows:1024/hot$", THEIRS, 1 / 0.45),
           (r"^distribute/laggd/roundrobin/members:4/burst:32/flows:1024/hot$", THEIRS, 1 / 0.6)]
# Why a quotient that is shown beside one with a target has none itself.
NO_TARGETS = [(r"^engine/laggd/.*/up$", THEIRS, "none: reads no frame")]
# And how many times as much two workers have to do as one.
SCALING_TARGET = 1.7
# The row that others of laggd are compared with, but for the policy.
USUAL = "members:4/burst:32/flows:1024/hot"
# The hash that a policy of the user's replaces, and how many cycles a packet the smallest policies
# may add to it.
REPLACED, SMALL_POLICIES, POLICY_LIMIT = "layer3+4", ("bpf:port", "bpf:five-tuple"), 15.0
# How many times as much as plain IPv4 frames of these kinds may cost; others are only shown.
KIND_LIMITS = {"ipv6": 1.5, "vlan": 1.5}
# How many cycles a packet failover may cost more than net_bonding's.
FAILOVER_LIMIT = 0.5
# Rows that only differ in one number may differ by so many times: greatest over least.
FLAT_LIMIT, FLAT_POLICIES = 1.3, ("layer2", "layer2+3", "layer3+4")
FLAT = {"members": (re.compile(r"members:(\d+)/burst:32/flows:1024/hot"), range(2, 33)),
        "flows": (re.compile(r"members:4/burst:32/flows:(\d+)/hot"), range(1, 1_000_001))}
# Greatest share of a member over the mean, for patterns with that many flows under that policy.
EVENNESS_LIMIT, EVENNESS_FLOWS, EVENNESS_POLICY = 1.15, 4096, "layer3+4"
# Suffixes that Google Benchmark adds to a name for settings of its own.
SUFFIXES = re.compile(r"/(repeats|iterations|min_time|min_warmup_time|threads):[^/]*|"
                      r"/(real_time|process_time|manual_time)\b")


def from_google_benchmark(document):
    """Samples of a program's JSON (--benchmark_format=json); what its mistakes say is an error."""
    samples = []
    # Repetitions in random turns come in random order.
    for run in sorted(document.get("benchmarks", []), key=lambda run: (run.get("family_index", 0),
                      run.get("per_family_instance_index", 0), run.get("repetition_index", 0))):
        if run.get("error_occurred"):
            raise ValueError(f"{run['name']}: {run.get('error_message', 'failed')}")
        if run.get("run_type") != "iteration":
            continue
        sample = {"name": SUFFIXES.sub("", run.get("run_name", run["name"])),
                  "round": run.get("repetition_index", 0)}
        for figure in ("cycles_per_packet", "packets_per_second"):
            if figure in run:
                sample[figure] = run[figure]
        if "cycles_per_packet" not in run:
            scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run.get("time_unit", "ns")]
            sample["nanoseconds"] = run["cpu_time"] * scale
        samples.append(sample)
    return samples


def rows(samples):
    """One row a name, in the order the names came: median, least and greatest of every figure."""
    table = []
    for name in dict.fromkeys(sample["name"] for sample in samples):
        of_name = [sample for sample in samples if sample["name"] == name]
        row = {"name": name, "repetitions": len(of_name)}
        for figure in FIGURES:
            values = [sample[figure] for sample in of_name if figure in sample]
            if values:
                row[figure] = {"median": statistics.median(values), "min": min(values),
                               "max": max(values)}
        table.append(row)
    return table


def _by_round(samples, name):
    return {sample["round"]: sample for sample in samples if sample["name"] == name}


def _quotients(figure, upper, lower, factor=1.0):
    """upper / lower of one figure: of the medians, and the median over the rounds both have."""
    above = [sample[figure] for sample in upper.values() if figure in sample]
    below = [sample[figure] for sample in lower.values() if figure in sample]
    if not above or not below or statistics.median(below) == 0:
        return None
    paired = [upper[turn][figure] / lower[turn][figure]
              for turn in sorted(upper.keys() & lower.keys())
              if figure in upper[turn] and lower[turn].get(figure)]
    return {"of_medians": factor * statistics.median(above) / statistics.median(below),
            "median_of_rounds": factor * statistics.median(paired) if paired else None}


def _judge(entry, target, first="by_core_time"):
    """Adds how many times as fast it is, by the figure named first where that is known."""
    best = entry[first] or entry["by_core_time"] or entry["by_clock"]
    entry["times_as_fast"] = best["median_of_rounds"] or best["of_medians"]
    entry["target"] = target
    entry["met"] = None if target is None else entry["times_as_fast"] >= target
    return entry


def twin_of(name, who=THEIRS):
    """The name of the same measurement of the other engine; None where there can be none."""
    words = name.split("/")
    return "/".join([words[0], who, *words[2:]]) if len(words) > 2 and words[1] == OURS else None


def _of_table(table, name, twin):
    return next((value for pattern, who, value in table if twin == twin_of(name, who)
                 and re.search(pattern, name)),
                None)


def target_of(name, twin):
    return _of_table(TARGETS, name, twin)


def why_no_target(entry):
    """In a few words; None where there is a target, or nothing to say."""
    return _of_table(NO_TARGETS, entry["name"], entry["twin"])


def label(entry):
    """The name of a quotient, which says beside whom where that is not the usual twin."""
    unusual = entry["twin"] == twin_of(entry["name"], THEIRS_LACP)
    return f"{entry['name']} ({THEIRS_LACP})" if unusual else entry["name"]


def ratios(samples):
    """How many times as fast laggd is as its twin, for every row that has one, and for every one
    it has.

    `by_core_time` comes from cycles a packet, which do not count what others did on the core;
    `by_clock` from packets a second. On a quiet machine they are the same.
    """
    names = dict.fromkeys(sample["name"] for sample in samples)
    table = []
    for name, twin in ((name, twin_of(name, who)) for name in names
                       for who in (THEIRS_LACP, THEIRS)):
        if twin not in names:
            continue
        ours, theirs = _by_round(samples, name), _by_round(samples, twin)
        entry = {"name": name, "twin": twin,
                 "by_core_time": _quotients("cycles_per_packet", theirs, ours),
                 "by_clock": _quotients("packets_per_second", ours, theirs)}
        if entry["by_core_time"] or entry["by_clock"]:
            table.append(_judge(entry, target_of(name, twin)))
    return table


def scaling(samples):
    """What two workers do in terms of one, for every row with workers:2 that has one with
    workers:1."""
    names = dict.fromkeys(sample["name"] for sample in samples)
    table = []
    for name in names:
        words = name.split("/")
        single = "/".join(ONE if word == TWO else word for word in words)
        if TWO not in words or single not in names:
            continue
        two, one = _by_round(samples, name), _by_round(samples, single)
        # Two cores together spend twice the cycles in the same time.
        entry = {"name": name, "twin": single,
                 "by_core_time": _quotients("cycles_per_packet", one, two, 2.0),
                 "by_clock": _quotients("packets_per_second", two, one)}
        if entry["by_core_time"] or entry["by_clock"]:
            # Two workers that wait for each other have all the time of their cores, and do no more.
            table.append(_judge(entry, SCALING_TARGET if words[1] == OURS else None, "by_clock"))
    return table


def _of_rounds(calculate, above, below):
    """The median over the rounds both have; of the medians where there is none."""
    figures = [{turn: sample["cycles_per_packet"]
                for turn, sample in rounds.items() if "cycles_per_packet" in sample}
               for rounds in (above, below)]
    turns = sorted(figures[0].keys() & figures[1].keys())
    if turns:
        return statistics.median(calculate(figures[0][turn], figures[1][turn]) for turn in turns)
    return calculate(*(statistics.median(figure.values())
                       for figure in figures)) if all(figures) else None


def _wanted_comparison(name):
    """(name of the other row, "times" or "more", limit or None) of a row; None where it has
    none."""
    words = name.split("/")
    if words[:2] != ["distribute", OURS] or len(words) < 7:
        return None
    policy, rest = words[2], "/".join(words[3:])
    if policy.startswith(("bpf:", "filters:")):
        limit = POLICY_LIMIT if policy in SMALL_POLICIES and rest == USUAL else None
        return "/".join([*words[:2], REPLACED, rest]), "more", limit
    if policy == "failover" and rest == USUAL:
        return twin_of(name), "more", FAILOVER_LIMIT
    # Captured frames are as many flows as they are.
    if len(words) == 8:
        return "/".join([*words[:3], USUAL]), "times", KIND_LIMITS.get(words[7])
    return None


def _flatness(samples, policy, what):
    """How far rows lie apart that differ in that number alone; None where there are not two.

    Each is first put in terms of the mean of its round, so that a machine that got slower does not
    count."""
    pattern, allowed = FLAT[what]
    front = f"distribute/{OURS}/{policy}/"
    names = {}
    for name in dict.fromkeys(sample["name"] for sample in samples):
        found = pattern.fullmatch(name.removeprefix(front)) if name.startswith(front) else None
        if found and int(found[1]) in allowed:
            names[int(found[1])] = name
    of_names = [_by_round(samples, names[number]) for number in sorted(names)]
    turns = set.intersection(*(set(rounds) for rounds in of_names)) if len(names) > 1 else ()
    if not turns:
        return None
    means = {turn: statistics.mean(rounds[turn]["cycles_per_packet"] for rounds in of_names)
             for turn in turns}
    levels = {name: statistics.median(rounds[turn]["cycles_per_packet"] / means[turn]
                                      for turn in turns)
              for name, rounds in zip((names[number] for number in sorted(names)), of_names)}
    dearest, cheapest = max(levels, key=levels.get), min(levels, key=levels.get)
    span = f"{what}:{min(names)}..{max(names)}"
    title = names[min(names)].replace(f"/{what}:{min(names)}/", f"/{span}/")
    return {"name": title, "row": dearest, "base": cheapest, "kind": "times",
            "value": levels[dearest] / levels[cheapest], "limit": FLAT_LIMIT}


def comparisons(samples):
    """What rows cost in terms of another of the same run, where less is promised than a number.

    `value` is how many times as many cycles `row` needs as `base`, or how many more; `name` is
    that of the row, or says over what it is the dearest one."""
    names = dict.fromkeys(sample["name"] for sample in samples)
    table = []
    for name in names:
        base, kind, limit = _wanted_comparison(name) or (None, None, None)
        if base not in names:
            continue
        calculate = (lambda a, b: a / b) if kind == "times" else (lambda a, b: a - b)
        value = _of_rounds(calculate, _by_round(samples, name), _by_round(samples, base))
        if value is not None:
            table.append({"name": name, "row": name, "base": base, "kind": kind, "value": value,
                          "limit": limit})
    table += [entry for policy in FLAT_POLICIES
              for what in FLAT if (entry := _flatness(samples, policy, what))]
    for entry in table:
        entry["met"] = None if entry["limit"] is None else entry["value"] <= entry["limit"]
    return table


def judged(result):
    """Everything in a result that has a target: (name, what it came to, target, whether that is
    met)."""
    table = [(label(entry), f"{entry['times_as_fast']:.2f} times as fast",
              f"at least {entry['target']:.2f}", entry["met"]) for key in ("ratios", "scaling")
             for entry in result[key] if entry["met"] is not None]
    table += [(entry["name"], f"{difference(entry)} ({beside(entry)})",
               f"at most {entry['limit']:g}", entry["met"])
              for entry in result["comparisons"] if entry["met"] is not None]
    verdict = result["evenness_verdict"]
    if verdict:
        table.append((f"evenness/{EVENNESS_POLICY}", f"{verdict['worst']:.3f}",
                      f"at most {verdict['limit']:.2f}", verdict["met"]))
    return table + failover_results.judged(result["failover_pulls"])


def difference(entry):
    """What a comparison came to, in words."""
    if entry["kind"] == "times":
        return f"{entry['value']:.2f} times"
    return f"{entry['value']:+.{1 if abs(entry['value']) > 2 else 3}f} cycles"


def beside(entry):
    """What tells the two rows of a comparison apart, in words."""
    row, base = entry["row"].split("/"), entry["base"].split("/")
    if len(row) > len(base):
        return "beside ipv4"
    theirs = "/".join(word for word in base if word not in row)
    ours = "/".join(word for word in row if word not in base)
    return f"beside {theirs}" if entry["name"] == entry["row"] else f"{ours} beside {theirs}"


def evenness_verdict(evenness):
    """The worst row that can be judged, and whether it is within the limit; None without such
    rows."""
    judged = [row for row in evenness
              if row["policy"] == EVENNESS_POLICY and row.get("distinct", 0) >= EVENNESS_FLOWS]
    if not judged:
        return None
    worst = max(judged, key=lambda row: row["laggd_flows"])
    return {"worst": worst["laggd_flows"], "pattern": worst["pattern"], "members": worst["members"],
            "patterns": len({row["pattern"] for row in judged}), "limit": EVENNESS_LIMIT,
            "met": worst["laggd_flows"] <= EVENNESS_LIMIT}


def document(machine, samples, evenness, notes, pulls=()):
    """The whole result, as it is written to a JSON file."""
    return {"machine": machine, "notes": notes, "rows": rows(samples), "ratios": ratios(samples),
            "scaling": scaling(samples), "comparisons": comparisons(samples), "evenness": evenness,
            "evenness_verdict": evenness_verdict(evenness),
            "failover": failover_results.rows(pulls), "samples": samples,
            "failover_pulls": list(pulls)}


def to_csv(result):
    """The rows, a line each; empty where a row has no such figure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [(figure, kind) for figure in FIGURES for kind in ("median", "min", "max")]
    writer.writerow(["name", "repetitions", *(f"{figure}_{kind}" for figure, kind in columns),
                     "times_as_fast", *failover_results.CSV_COLUMNS])
    # The first of two twins does the same work.
    fast = {entry["name"]: entry["times_as_fast"] for entry in reversed(result["ratios"])}
    for row in result["rows"]:
        writer.writerow([row["name"], row["repetitions"],
                         *(row[figure][kind] if figure in row else "" for figure, kind in columns),
                         fast.get(row["name"], ""), *("" for _ in failover_results.CSV_COLUMNS)])
    for row in result["failover"]:
        writer.writerow([row["name"], row["pulls"], *("" for _ in columns), "",
                         *failover_results.csv_values(row)])
    return out.getvalue()


def _figure(row, figure, digits):
    return f"{row[figure]['median']:.{digits}f}" if row and figure in row else "-"


def _millions(row):
    figure = row.get("packets_per_second") if row else None
    return f"{figure['median'] / 1e6:.2f}" if figure else "-"


def _times(quotient):
    if not quotient:
        return "-"
    return f"{quotient['median_of_rounds'] or quotient['of_medians']:.2f}"


def _lines(cells):
    """Cells as aligned columns, the first one to the left."""
    wide = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, wide))).rstrip()
            for row in cells]


def _verdict(entry):
    if entry["target"] is None:
        return why_no_target(entry) or ""
    return f"{entry['target']:.2f} {'met' if entry['met'] else 'MISSED'}"


def _evenness_lines(evenness, verdict):
    """The worst pattern of each policy; all of them are in the files."""
    if not evenness:
        return []
    columns = [f"{who}_{what}" for who in ("laggd", "net_bonding", "ideal")
               for what in ("flows", "bytes")]
    cells = [["evenness: greatest share / mean", "flows",
              *(column.replace("_", " ") for column in columns)]]
    for policy in dict.fromkeys(row["policy"] for row in evenness):
        of_policy = [row for row in evenness if row["policy"] == policy]
        enough = [row for row in of_policy if row.get("distinct", 0) >= EVENNESS_FLOWS] or of_policy
        row = max(enough, key=lambda row: row["laggd_flows"])
        cells.append([f"worst of {policy}: {row['pattern']}, {row['members']} members",
                      str(row.get("distinct", "-")),
                      *(f"{row[column]:.3f}" if isinstance(row.get(column), (int, float)) else "-"
                        for column in columns)])
    lines = _lines(cells)
    if verdict:
        lines.append(f"{EVENNESS_POLICY}: at most {verdict['worst']:.3f} in {verdict['patterns']} "
                     f"patterns of {EVENNESS_FLOWS} flows, target {verdict['limit']:.2f} "
                     f"{'met' if verdict['met'] else 'MISSED'}")
    return [*lines, ""]


def _comparison_lines(result, by_name):
    if not result["comparisons"]:
        return []
    cells = [["a row and another one of the run", "", "cycles", "the other", "difference"]]
    for entry in result["comparisons"]:
        cells.append([entry["name"], beside(entry),
                      _figure(by_name[entry["row"]], "cycles_per_packet", 1),
                      _figure(by_name[entry["base"]], "cycles_per_packet", 1), difference(entry)])
    return [*_lines(cells), ""]


def _other_lines(result):
    """Rows that no other table has."""
    told = {entry[key] for table in ("ratios", "scaling", "comparisons") for entry in result[table]
            for key in ("name", "twin", "row", "base") if key in entry}
    cells = [[row["name"], _figure(row, "cycles_per_packet", 1), _millions(row),
              _figure(row, "nanoseconds", 1)]
             for row in result["rows"] if row["name"] not in told]
    return [*_lines([["other rows", "cycles", "Mpps", "ns a call"], *cells]), ""] if cells else []


def _failover_lines(rows):
    if not rows:
        return []
    ratios = failover_results.ratio_cells(rows)
    lines = [*_lines([failover_results.HEAD, *failover_results.cells(rows)]), ""]
    if ratios:
        lines += [*_lines([["times as fast as net_bonding, moved", *failover_results.KINDS],
                           *ratios]), ""]
    return lines


def to_text(result):
    """The quotients as a table for a terminal."""
    by_name = {row["name"]: row for row in result["rows"]}
    text = []
    for key, title, left, right in (("ratios", "laggd and net_bonding", "laggd", "net_bonding"),
                                    ("scaling", "two workers and one", "two", "one")):
        if not result[key]:
            continue
        cells = [[title, f"cycles: {left}", right, f"Mpps: {left}", right, "times as fast",
                  "by the clock", "target"]]
        for entry in result[key]:
            ours, theirs = by_name[entry["name"]], by_name[entry["twin"]]
            cells.append([label(entry), _figure(ours, "cycles_per_packet", 1),
                          _figure(theirs, "cycles_per_packet", 1),
                          _millions(ours), _millions(theirs), f"{entry['times_as_fast']:.2f}",
                          _times(entry["by_clock"]), _verdict(entry)])
        text += [*_lines(cells), ""]
    text += _comparison_lines(result, by_name) + _other_lines(result)
    text += _failover_lines(result["failover"])
    text += _evenness_lines(result["evenness"], result.get("evenness_verdict"))
    verdicts = judged(result)
    if verdicts:
        text += _lines([[f"targets: {sum(met for *_, met in verdicts)} of {len(verdicts)} are met",
                         "", "", ""],
                        *([name, value, target, "met" if met else "MISSED"]
                          for name, value, target, met in verdicts)])
        text.append("")
    return "\n".join(text + [*(f"note: {note}" for note in result["notes"])]) + "\n"
