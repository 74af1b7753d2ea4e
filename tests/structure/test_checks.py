"""The checks of the tree themselves: a list that only gets shorter, lines that are too long, and
invariants that nothing holds."""

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check_invariants
import check_width
import ratchet


class NotYet(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.list = Path(directory.name) / "not_yet.txt"
        self.list.write_text("# a comment\nwidth old.py\nformat old.py\n")
        patch = mock.patch.object(ratchet, "LIST", self.list)
        patch.start()
        self.addCleanup(patch.stop)

    def judged(self, complaints, **environment):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), mock.patch.dict(os.environ, environment):
            return ratchet.judge("width", complaints), said.getvalue()

    def test_a_listed_file_may_break_the_rule(self):
        self.assertEqual(self.judged({"old.py": ["old.py:1: long"]}), (0, ""))

    def test_another_may_not(self):
        code, said = self.judged({"old.py": ["old.py:1: long"], "new.py": ["new.py:1: long"]})
        self.assertEqual((code, said), (1, "new.py:1: long\n"))

    def test_a_listed_file_that_keeps_the_rule_has_to_go(self):
        code, said = self.judged({})
        self.assertEqual(code, 1)
        self.assertIn("old.py keeps the rule 'width' now", said)

    def test_it_is_taken_out_on_request_and_nothing_is_added(self):
        self.assertEqual(self.judged({"new.py": ["new.py:1: long"]}, LAGG_SHRINK="1")[0], 1)
        self.assertEqual(self.list.read_text(), "# a comment\nformat old.py\n")


class Width(unittest.TestCase):
    def test_each_mistake(self):
        text = "x" * 100 + "\n" + "x" * 101 + "\nspace \n\ttab\n"
        self.assertEqual([line.split(":")[1] for line in check_width.complaints("a.py", text)],
                         ["2", "3", "4"])


class Invariants(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        (self.root / "a.cc").write_text("TEST_F(Suite, Holds) {\n    assert(one <\n           "
                                        "two);\n")
        (self.root / "b.py").write_text("class A:\n    def test_it(self):\n        pass\n")

    def problems(self, *lines):
        text = "\n".join(["# A", "1. not here", check_invariants.HEADING, *lines, ""])
        return list(check_invariants.check(text, self.root))

    def test_what_is_there(self):
        self.assertEqual(self.problems(
            "1. One", "   - `a.cc`: `Suite.Holds`", "2. Two", "   - `a.cc`: `assert(one < two)`",
            "   - `b.py`: `test_it`"), [])

    def test_what_is_gone(self):
        for holder in ("`a.cc`: `Suite.Held`", "`a.cc`: `assert(two < one)`", "`b.py`: `test_its`",
                       "`c.cc`: `Suite.Holds`"):
            self.assertEqual(len(self.problems("1. One", f"   - {holder}")), 1, holder)

    def test_one_that_names_nothing(self):
        self.assertEqual(self.problems("1. One", "2. Two", "   - `a.cc`: `Suite.Holds`"),
                         ["invariant 1 names neither a test nor an assertion"])

    def test_numbers_are_in_order(self):
        self.assertEqual(len(self.problems("2. Two", "   - `a.cc`: `Suite.Holds`")), 1)

    def test_no_invariants_at_all(self):
        self.assertEqual(len(self.problems()), 1)
        self.assertEqual(len(list(check_invariants.check("# A\n", self.root))), 1)


if __name__ == "__main__":
    unittest.main()
