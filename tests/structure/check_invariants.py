#!/usr/bin/env python3
"""Checks the invariants of ARCHITECTURE.md: each has a name of what holds it, and what is named
exists.

Below an invariant stands a line "- `FILE`: `NAME`" for each of them. NAME is a test of GoogleTest
where it is Suite.Test, a method where it begins with test_, and else text that stands in the file,
such as an assertion.

Usage: check_invariants.py REPOSITORY
"""
import pathlib
import re
import sys

HEADING = "## Invariants"
INVARIANT = re.compile(r"^(\d+)\. ")
HOLDER = re.compile(r"^ +- `([^`]+)`: `([^`]+)`$")
GOOGLE_TEST = re.compile(r"(\w+)\.(\w+)")


def is_there(name, text):
    """Whether a file of that text has what is named."""
    if test := GOOGLE_TEST.fullmatch(name):
        return re.search(rf"^TEST(_F|_P)?\({test[1]}, {test[2]}\)", text, re.M) is not None
    if name.startswith("test_"):
        return re.search(rf"^ +def {name}\(", text, re.M) is not None
    # Where a line is broken is the formatter's choice.
    return " ".join(name.split()) in " ".join(text.split())


def check(document, root):
    """Yields what is wrong with the invariants of the document."""
    _, found, section = document.partition(f"{HEADING}\n")
    if not found:
        yield f"there is no section '{HEADING}'"
        return
    held = {}
    number = 0
    for line in section.splitlines():
        if begins := INVARIANT.match(line):
            number += 1
            held[number] = 0
            if int(begins[1]) != number:
                yield f"invariant {begins[1]} is the {number}th in the list"
        elif holder := HOLDER.match(line):
            held[number] = held.get(number, 0) + 1
            file = root / holder[1]
            if not file.is_file():
                yield f"invariant {number}: there is no {holder[1]}"
            elif not is_there(holder[2], file.read_text()):
                yield f"invariant {number}: {holder[1]} has no '{holder[2]}'"
    if not held:
        yield f"section '{HEADING}' has no numbered line"
    yield from (f"invariant {number} names neither a test nor an assertion"
                for number, count in held.items() if not count)


def main():
    root = pathlib.Path(sys.argv[1])
    problems = list(check((root / "ARCHITECTURE.md").read_text(), root))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
