#!/usr/bin/env python3
"""Checks that no line of Python, shell or meson is longer than 100 columns, that none ends in a
space, and that none is indented by tabs. (For C++ clang-format does it.)

Usage: check_width.py REPOSITORY
"""
import pathlib
import sys

import ratchet

COLUMNS = 100
NAMES = ("*.py", "*.sh", "*meson.build", "meson_options.txt", "scripts", ".ci")


def is_script(path):
    """Whether the file is one of those that this is about; folders have other files too."""
    if path.suffix in (".py", ".sh") or path.name in ("meson.build", "meson_options.txt"):
        return True
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def complaints(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, {COLUMNS} at most"
        if line != line.rstrip():
            yield f"{path}:{number}: ends in a space"
        if line.startswith("\t"):
            yield f"{path}:{number}: begins with a tab"


def main():
    root = pathlib.Path(sys.argv[1])
    files = [path for path in ratchet.tracked(root, *NAMES) if is_script(root / path)]
    if not files:
        print("no files: this is no working tree of git")
        return 77
    found = {path: list(complaints(path, (root / path).read_text())) for path in files}
    return ratchet.judge("width", {path: what for path, what in found.items() if what})


if __name__ == "__main__":
    sys.exit(main())
