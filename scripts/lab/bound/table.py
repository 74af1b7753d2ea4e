"""The table of docs/drivers.md, out of the reports of runs and out of nothing else."""

import json
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "drivers.md"
BEGIN, END = "<!-- written by scripts/vm-lab table -->", "<!-- end of the table -->"
NOT_RUN = "not run"


def write(reports, drivers):
    """`reports`: files. Of the same requirement in several of them the last one counts."""
    cells = {}
    for path in reports:
        cells.update(_cells(json.loads(Path(path).read_text())["checks"]))
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{_table(cells, drivers)}\n{END}{after}")


def _cells(checks):
    """{(feature, driver): text} of one report."""
    gathered = {}
    for check in checks:
        if not check.get("feature"):
            continue
        for driver in _drivers_of(check):
            gathered.setdefault((check["feature"], driver), []).append(check)
    return {place: _cell(found) for place, found in gathered.items()}


def _drivers_of(check):
    return check["driver"] if isinstance(check["driver"], list) else [check["driver"]]


def _cell(checks):
    failed = [check for check in checks if not check["ok"]]
    if not failed:
        return "ok" + _slowest(checks)
    first = failed[0]
    return f"**no**: {first['what']}: {first['measured']}".replace("|", "\\|")


def _slowest(checks):
    """The longest time it took to notice something, where that is what the feature is about."""
    times = [check["seconds"] for check in checks if check["what"].endswith(" noticed")]
    return f", within {1000 * max(times):.0f} ms" if times else ""


def _table(cells, drivers):
    features = list(dict.fromkeys(feature for feature, _ in cells))
    columns = [*drivers, *dict.fromkeys(driver for _, driver in cells if driver not in drivers)]
    lines = [f"| feature | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for feature in features:
        row = [cells.get((feature, column), NOT_RUN) for column in columns]
        lines.append(f"| {feature} | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"
