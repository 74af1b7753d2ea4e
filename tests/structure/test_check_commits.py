"""scripts/check-commits: what is wrong with a message, and which commit of a range does not
build."""

import os
import shutil
import subprocess
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check-commits"
IDENTITY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "a"), ("EMAIL", "a@example.com"))}


def loaded():
    spec = spec_from_loader("check_commits", SourceFileLoader("check_commits", str(SCRIPT)))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Messages(unittest.TestCase):
    def setUp(self):
        self.problems = loaded().problems

    def test_good_ones(self):
        for message in ("lacp: a port that leaves says so", "vm-lab: a guest\n\nWith NICs.",
                        "bench: figures\n\n    " + "a row that is quoted " * 10,
                        "bench: figures\n\nhttps://example.com/" + "x" * 100):
            self.assertEqual(list(self.problems(message)), [], message)
        self.assertEqual(list(self.problems("merge host: why\n\nIt was for that.", True)), [])

    def test_each_mistake(self):
        for message, word in (("lacp: " + "x" * 67, "73 columns"), ("Lacp: a port", "topic"),
                              ("a port without topic", "topic"), ("", "topic"),
                              ("fixup! lacp: a port", "not finished"),
                              ("lacp: a port.", "full stop"),
                              ("lacp: a port\nsays so", "empty line"),
                              ("lacp: a port\n\n" + "word " * 25, "a line of the body")):
            found = list(self.problems(message))
            self.assertEqual(len(found), 1, found)
            self.assertIn(word, found[0])

    def test_a_merge_says_why(self):
        self.assertIn("without a body", list(self.problems("merge host: why", True))[0])
        self.assertEqual(list(self.problems("host: why", False)), [])


class Range(unittest.TestCase):
    """A repository with the script, and a build that fails where there is a file "broken"."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        (self.root / "scripts").mkdir()
        shutil.copy(SCRIPT, self.root / "scripts")
        build = self.root / "scripts" / "build"
        build.write_text("#!/bin/sh\ncd \"$(dirname \"$0\")/..\"\necho building\ntest ! -e "
                         "broken\n")
        build.chmod(0o755)
        self.git("init", "-q", "-b", "main")
        self.commit("all: the beginning")
        (self.root / "broken").write_text("")
        self.commit("lacp: breaks the build")
        (self.root / "broken").unlink()
        self.commit("lacp: mends the build")

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, *arguments], check=True, capture_output=True,
                       env={**os.environ, **IDENTITY})

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def run_script(self, *arguments):
        done = subprocess.run([self.root / "scripts" / "check-commits", *arguments], text=True,
                              capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_messages_alone(self):
        self.assertEqual(self.run_script("HEAD~2.."), (0, "2 commits, 0 with problems\n"))

    def test_the_one_that_does_not_build(self):
        code, said = self.run_script("HEAD~2..", "--build")
        self.assertEqual(code, 1, said)
        self.assertRegex(said, r"lacp: breaks the build\n    does not build")
        self.assertNotRegex(said, r"lacp: mends the build\n    does not build")
        self.assertIn("2 commits, 1 with problems", said)
        self.assertEqual(list((self.root / ".git").glob("worktrees/*")), [])

    def test_a_merge_without_a_body(self):
        self.git("checkout", "-q", "-b", "side", "HEAD~1")
        self.commit_empty("lacp: beside")
        self.git("checkout", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", "merge side: what it was for", "side")
        code, said = self.run_script("HEAD~1..")
        self.assertEqual(code, 1, said)
        self.assertIn("a merge without a body", said)

    def commit_empty(self, message):
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def test_no_commit_is_no_success(self):
        self.assertEqual(self.run_script("HEAD..")[0], 2)
        self.assertEqual(self.run_script("nowhere..")[0], 2)


if __name__ == "__main__":
    unittest.main()
