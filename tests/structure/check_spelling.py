#!/usr/bin/env python3
"""Checks the spelling of pages, comments and messages with codespell, which knows common mistakes
and no dictionary: what it finds is one, or belongs into spelling.txt.

Usage: check_spelling.py REPOSITORY
"""
import pathlib
import shutil
import subprocess
import sys

import ratchet

# Text that people wrote; inputs of tests have mistakes on purpose.
NAMES = ("*.md", "*.scd", "*.cc", "*.hh", "*.h", "*.c", "*.py", "*meson.build", "meson_options.txt",
         "scripts", ".ci", "packaging")
ACCEPTED = pathlib.Path(__file__).with_name("spelling.txt")


def main():
    root = pathlib.Path(sys.argv[1])
    if not shutil.which("codespell"):
        print("codespell is not installed")
        return 77
    paths = ratchet.tracked(root, *NAMES)
    if not paths:
        print("no files: this is no working tree of git")
        return 77
    return subprocess.run(["codespell", "--ignore-words", ACCEPTED, *paths], cwd=root,
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
