#!/usr/bin/env python3
"""Checks docs/conformance.md: all 79 checks are in its table, what it names exists, and no check is
missing from it.

Usage: check_conformance.py REPOSITORY
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
CHECKS = range(1, 80)
ROW = re.compile(r"^\| (\d+) \| (.+) \| `(\w+)` \((\w+\.py)\) \| (\w+) \| ([^|]+) \| "
                 r"(?:`(\w+)\.(\w+)`)?", re.M)
DEFINED = re.compile(r"^    def (test_\d\d_\w+)\(", re.M)
UNIT_TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.M)


def main():
    rows = ROW.findall((ROOT / "docs" / "conformance.md").read_text())
    defined = {(file.name, name) for file in (ROOT / "tests" / "conformance").glob("test_*.py")
               for name in DEFINED.findall(file.read_text())}
    unit_tests = {test for file in (ROOT / "tests").rglob("*.cc")
                  for test in UNIT_TEST.findall(file.read_text())}
    numbers = {int(row[0]) for row in rows}
    problems = [f"check {number} is not in the table" for number in CHECKS if number not in numbers]
    for number, _, name, file, _, _, suite, test in rows:
        if (file, name) not in defined:
            problems.append(f"check {number}: there is no {name} in {file}")
        if not name.startswith(f"test_{int(number):02}_"):
            problems.append(f"check {number}: {name} has another number")
        if suite and (suite, test) not in unit_tests:
            problems.append(f"check {number}: there is no unit test {suite}.{test}")
    in_table = {(file, name) for _, _, name, file, *_ in rows}
    problems += [f"{name} in {file} is not in the table: run tests/conformance/table.py"
                 for file, name in sorted(defined - in_table)]
    for problem in problems:
        print(problem)
    print(f"{len(rows)} rows, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
