"""Results of benchmarks as one HTML page that needs nothing else: charts are SVG within it.

It is XML as well, so that a test can read it back. Colours are given by CSS, for light and dark.
"""

from . import failover_page
from .bench_results import OURS, THEIRS, beside, difference, judged, label, why_no_target
from .page_parts import escape
from .page_parts import table as _table
from .page_parts import tag as _tag

STYLE = """
:root { --text: #1f2430; --faint: #6b7280; --back: #ffffff; --line: #e2e5ea;
        --ours: #2563a8; --theirs: #b4b9c2; --good: #1d7a46; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8ec; --faint: #9aa1ad; --back: #16181d; --line: #30343c;
          --ours: #6aa7ea; --theirs: #5a606c; --good: #5fc48a; --bad: #f0857d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
       max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin-bottom: .2rem; }
p, li { max-width: 46rem; } .faint { color: var(--faint); font-size: .85rem; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; margin: .6rem 0; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid var(--line);
         font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
td + td { white-space: nowrap; }
.met { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .small { fill: var(--faint); font-size: 11px; } svg .axis { stroke: var(--line); }
svg .spread { stroke: var(--text); stroke-width: 1; }
.ours { fill: var(--ours); } .theirs { fill: var(--theirs); }
.key span { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em;
            vertical-align: -.05em; }
.key .ours { background: var(--ours); } .key .theirs { background: var(--theirs); }
"""
WIDE, LABEL, FIGURE, BAR, GAP = 900, 330, 170, 13, 14


def _bar(style, y, figure, scale, text):
    """A bar up to the median, a line from the least to the greatest, and the median in words."""
    middle = y + BAR / 2
    end = LABEL + max(figure["median"], figure["max"]) * scale
    return (_tag("rect", x=LABEL, y=y, width=round(max(1, figure["median"] * scale), 1), height=BAR,
                 class_=style) +
            _tag("line", x1=round(LABEL + figure["min"] * scale, 1),
                 x2=round(LABEL + figure["max"] * scale, 1),
                 y1=middle, y2=middle, class_="spread") +
            _tag("text", escape(text), x=round(end + 6, 1), y=y + BAR - 2, class_="small"))


def chart(pairs, title):
    """Cycles a packet of laggd and its twin, two bars a pair: [(label, ours, theirs, times)]."""
    greatest = max(max(ours["max"], theirs["max"]) for _, ours, theirs, _ in pairs)
    scale = (WIDE - LABEL - FIGURE) / greatest if greatest else 1
    parts, y = [], 4
    for label, ours, theirs, times in pairs:
        parts.append(_tag("text", escape(label), x=0, y=y + BAR + 4))
        parts.append(_bar("ours", y, ours, scale,
                          f"{ours['median']:.1f}   ({times:.2f} times as fast)"))
        parts.append(_bar("theirs", y + BAR + 1, theirs, scale, f"{theirs['median']:.1f}"))
        y += 2 * BAR + GAP
    parts.append(_tag("line", x1=LABEL, x2=LABEL, y1=0, y2=y - GAP / 2, class_="axis"))
    return _tag("svg", "\n".join(parts), xmlns="http://www.w3.org/2000/svg",
                viewBox=f"0 0 {WIDE} {y}", role="img",
                aria_label=title).replace("aria_label", "aria-label")


def _groups(result):
    """Rows that have both figures, by the kind of benchmark and what is varied last."""
    by_name = {row["name"]: row for row in result["rows"]}
    groups = {}
    for entry in result["ratios"]:
        ours, theirs = by_name[entry["name"]], by_name[entry["twin"]]
        if "cycles_per_packet" not in ours or "cycles_per_packet" not in theirs:
            continue
        words = label(entry).split("/")
        title = f"{words[0]}: {words[2]}"
        groups.setdefault(title, []).append(("/".join(words[3:]) or words[2],
                                             ours["cycles_per_packet"],
                                             theirs["cycles_per_packet"], entry["times_as_fast"]))
    return groups


def _charts(result):
    groups = _groups(result)
    if not groups:
        return ""
    key = (_tag("p", 'Cycles a packet, less is better; a bar is the median, the line in it '
                     'reaches from the least to the greatest.<br/>'
                     f'{_tag("span", class_="ours")}{OURS}{_tag("span", class_="theirs")}{THEIRS}',
                class_="key"))
    return _tag("h2", "Cycles a packet") + key + "\n".join(
        _tag("h3", escape(title)) + chart(pairs, title) for title, pairs in groups.items())


def _verdict(entry):
    if entry["target"] is None:
        return why_no_target(entry) or "-"
    return ("met", f"{entry['target']:.2f} met") if entry["met"] else ("missed",
                                                                       f"{entry['target']:.2f} "
                                                                       "missed")


def _quotient(quotient, kind):
    return f"{quotient[kind]:.2f}" if quotient and quotient[kind] else "-"


def _quotients(result, key, title, about):
    if not result[key]:
        return ""
    body = [[label(entry), f"{entry['times_as_fast']:.2f}",
             _quotient(entry["by_core_time"], "of_medians"),
             _quotient(entry["by_clock"], "median_of_rounds"),
             _quotient(entry["by_clock"], "of_medians"), _verdict(entry)] for entry in result[key]]
    return _tag("h2", title) + _tag("p", escape(about)) + _table(
        ["", "times as fast", "of medians", "by the clock", "of medians", "target"], body)


def _comparisons(result):
    if not result["comparisons"]:
        return ""
    by_name = {row["name"]: row for row in result["rows"]}

    def cycles(name):
        return f"{by_name[name]['cycles_per_packet']['median']:.1f}"

    body = [[entry["name"], beside(entry), cycles(entry["row"]), cycles(entry["base"]),
             difference(entry)]
            for entry in result["comparisons"]]
    return (_tag("h2", "A row and another one of the same run") +
            _tag("p", "Other kinds of frames in terms of IPv4, policies and filters beside the "
                      "hash they replace; and, where a number is a range, the dearest row of it "
                      "beside the cheapest. The difference is the median over the rounds, not that "
                      "of the medians before it.") +
            _table(["", "", "cycles", "the other", "difference"], body))


def _targets(verdicts):
    if not verdicts:
        return ""
    body = [[name, value, target, ("met", "met") if met else ("missed", "missed")]
            for name, value, target, met in verdicts]
    return _tag("h2", "Targets") + _table(["", "measured", "target", ""], body)


def _evenness(result):
    if not result["evenness"]:
        return ""
    columns = [f"{who}_{what}" for who in (OURS, THEIRS, "ideal") for what in ("flows", "bytes")]
    body = [[f"{row['pattern']}, {row['policy']}, {row['members']} members",
             *(f"{row[column]:.3f}" if isinstance(row.get(column), (int, float)) else "-"
               for column in columns)]
            for row in result["evenness"]]
    return (_tag("h2", "Evenness") +
            _tag("p", "The greatest share of a member in terms of the mean, 1 being perfect; ideal "
                      "is what independent random choices would give.") +
            _table(["", *(column.replace("_", " ") for column in columns)], body))


def _rows(result):
    def figure(row, name, kind, digits, unit=1.0):
        return f"{row[name][kind] / unit:.{digits}f}" if name in row else "-"

    body = [[row["name"], row["repetitions"],
             *(figure(row, "cycles_per_packet", kind, 1) for kind in ("median", "min", "max")),
             figure(row, "packets_per_second", "median", 2, 1e6),
             figure(row, "nanoseconds", "median", 1)]
            for row in result["rows"]]
    head = ["", "times", "cycles", "least", "greatest", "Mpps", "ns a call"]
    return _tag("h2", "Every row") + _table(head, body) if body else ""


def page(result):
    """The page, as text."""
    machine = result["machine"]
    about = ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in machine.items())
    verdicts = judged(result)
    met = sum(met for *_, met in verdicts)
    summary = (f"{met} of {len(verdicts)} targets are met." if verdicts
               else "No row here has a target.")
    notes = _tag("ul", "".join(_tag("li", escape(note))
                               for note in result["notes"])) if result["notes"] else ""
    body = "\n".join([
        _tag("h1", f"{OURS} and {THEIRS}, measured in turns"),
        _tag("p", escape(about), class_="faint"), _tag("p", summary), notes, _targets(verdicts),
        _quotients(result, "ratios", "How many times as fast",
                   "By the time that workers had on their cores, the median over the rounds first; "
                   "by the clock on the wall after it, which also counts what other processes did "
                   "meanwhile."),
        _quotients(result, "scaling", "Two workers in terms of one", "Twice would be perfect."),
        _comparisons(result), _charts(result), failover_page.section(result), _evenness(result),
        _rows(result)])
    head = (_tag("title", "Benchmarks of laggd") + '<meta charset="utf-8"/>' +
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>' +
            _tag("style", STYLE))
    return f'<!DOCTYPE html>\n{_tag("html", _tag("head", head) + _tag("body", body), lang="en")}\n'
