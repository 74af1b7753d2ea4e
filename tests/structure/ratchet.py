"""Files that do not keep a rule yet: a list in the tree that may only get shorter.

A line of not_yet.txt is "RULE PATH". A file that breaks the rule and is not listed is a mistake,
and so is one that is listed and keeps it, or is gone: then its line has to go.
"""
import os
import pathlib
import subprocess

LIST = pathlib.Path(__file__).with_name("not_yet.txt")


def tracked(root, *patterns):
    """Paths of the files in git that fit a pattern; without git, as in a release, of none."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--", *patterns],
                            capture_output=True, check=False)
    return [path for path in listed.stdout.decode().split("\0") if path and (root / path).is_file()]


def listed(rule):
    """Files that need not keep the rule yet."""
    lines = (line.split() for line in LIST.read_text().splitlines() if not line.startswith("#"))
    return {words[1] for words in lines if words and words[0] == rule}


def shrink(rule, kept):
    """Takes the lines of those files out of the list."""
    gone = {f"{rule} {path}" for path in kept}
    lines = LIST.read_text().splitlines()
    LIST.write_text("".join(f"{line}\n" for line in lines if line.strip() not in gone))


def judge(rule, complaints):
    """Prints what is wrong, {path: [what]}, where it is not on the list; the exit code. With
    LAGG_SHRINK=1 in the environment lines that are no longer needed are taken out."""
    allowed = listed(rule)
    kept = sorted(allowed - complaints.keys())
    if kept and os.environ.get("LAGG_SHRINK"):
        shrink(rule, kept)
        kept = []
    new = [line for path in sorted(complaints.keys() - allowed) for line in complaints[path]]
    for line in [*new, *(f"{path} keeps the rule '{rule}' now: take its line out of {LIST.name}, "
                         "or run this with LAGG_SHRINK=1" for path in kept)]:
        print(line)
    return 1 if new or kept else 0
