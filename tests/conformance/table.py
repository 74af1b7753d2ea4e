#!/usr/bin/env python3
"""Writes the table in docs/conformance.md from the checks themselves and from the results of a run.

    LAGG_CONFORMANCE_RESULTS=/tmp/results.json scripts/test release --suite conformance
    build/tests/lacp/lacp_test --gtest_output=json:/tmp/lacp.json
    tests/conformance/table.py /tmp/results.json /tmp/lacp.json

Number and name come from the test, the words from the first sentence of its docstring, the suite
and the unit test from its decorators, the result from the run and from nowhere else.
"""

import ast
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "conformance.md"
BEGIN = "<!-- written by tests/conformance/table.py -->"
END = "<!-- end of the table -->"
NAME = re.compile(r"test_(\d\d)_\w+")
HEAD = ("| # | what is checked | test | suite | result | unit test |\n"
        "|---|---|---|---|---|---|\n")


@dataclass
class Row:
    number: int
    name: str
    file: str
    words: str
    is_long: bool
    twin: str

    @property
    def suite(self):
        return "long" if self.is_long else "conformance"

    def text(self, results):
        """`results`: {name of a test: word}"""
        unit = f"`{self.twin}`" + (f": {results[self.twin]}" if self.twin in results else "") \
            if self.twin else ""
        return (f"| {self.number} | {self.words} | `{self.name}` ({self.file}) | {self.suite} "
                f"| {results.get(self.name, 'not run')} | {unit} |")


def rows():
    """All checks, in the order of their numbers."""
    found = []
    for file in sorted(HERE.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and (match := NAME.fullmatch(node.name)):
                found.append(row(node, int(match[1]), file.name))
    return sorted(found, key=lambda row: (row.number, row.is_long, row.name))


def row(function, number, file):
    marks = {mark.id if isinstance(mark, ast.Name) else mark.func.id: mark
             for mark in function.decorator_list}
    twin = ast.literal_eval(marks["twin"].args[0]) if "twin" in marks else ""
    words = " ".join((ast.get_docstring(function) or "").split()).rstrip(".")
    return Row(number, function.name, file, words.replace("|", "\\|"), "long" in marks, twin)


def read_results(path):
    """{name: word} of our own file of results, or of GoogleTest's JSON."""
    told = json.loads(Path(path).read_text())
    if "testsuites" not in told:
        return {name: outcome["result"] for name, outcome in told.items()}
    return {f"{suite['name']}.{test['name']}": "FAIL" if test.get("failures") else "pass"
            for suite in told["testsuites"] for test in suite["testsuite"]}


def main():
    results = {}
    for path in sys.argv[1:]:
        results.update(read_results(path))
    table = HEAD + "\n".join(row.text(results) for row in rows())
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


if __name__ == "__main__":
    main()
