#!/usr/bin/env python3
"""Checks that every C++ file in git is as clang-format leaves it. Policies and what they include
are C, laid out by hand, since users copy from them.

Usage: check_format.py REPOSITORY
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import ratchet

# The one of Debian 12: others break lines elsewhere.
VERSION = "14"
AT_ONCE = 30  # files for one process
COMPLAINT = re.compile(r"^(.+?):(\d+):\d+: error: code should be clang-formatted", re.M)


def check(root, paths):
    """{path: [what]} of those that would be changed."""
    said = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=root, text=True,
                          capture_output=True, check=False).stderr
    found = {}
    for path, line in COMPLAINT.findall(said):
        found.setdefault(path, [f"{path}:{line}: run clang-format -i {path}"])
    return found


def skip(why):
    print(why)
    return 77


def main():
    root = pathlib.Path(sys.argv[1])
    if not shutil.which("clang-format"):
        return skip("clang-format is not installed")
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=True)
    if f"version {VERSION}." not in version.stdout:
        return skip(f"this is {version.stdout.strip()}, and {VERSION} is needed")
    paths = ratchet.tracked(root, "*.cc", "*.hh")
    if not paths:
        return skip("no files: this is no working tree of git")
    parts = [paths[begin:begin + AT_ONCE] for begin in range(0, len(paths), AT_ONCE)]
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        found = [*executor.map(lambda part: check(root, part), parts)]
    return ratchet.judge("format", {path: what for part in found for path, what in part.items()})


if __name__ == "__main__":
    sys.exit(main())
