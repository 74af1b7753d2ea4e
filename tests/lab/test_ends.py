"""A run that is killed leaves nothing behind: programs end with it, and the next run removes its
namespaces."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from lab.command import run, start_time, wait_for  # noqa: E402
from lab.network import remove_abandoned  # noqa: E402

RUN = """
import sys
sys.path.insert(0, {scripts!r})
from lab import command
command.programs_outlive_us = {keep}
program = command.Program("sleep", ["nice", "sleep", "60"], {log!r})
print(program.pid, flush=True)
sys.stdin.read()
"""


class Killed(unittest.TestCase):
    def kill_run(self, keep):
        """(pid, start time) of the program of a run that was killed."""
        with tempfile.NamedTemporaryFile() as log:
            script = RUN.format(scripts=str(SCRIPTS), keep=keep, log=log.name)
            with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True) as process:
                pid = int(process.stdout.readline())
                began = start_time(pid)
                process.send_signal(signal.SIGKILL)
                process.wait(5)
        return pid, began

    def test_its_programs_end(self):
        pid, began = self.kill_run(False)
        wait_for("the program's end", lambda: start_time(pid) != began, 5)

    def test_those_that_are_to_stand_stay(self):
        pid, began = self.kill_run(True)
        time.sleep(0.1)  # in which nothing may happen
        self.assertEqual(start_time(pid), began)
        os.kill(pid, signal.SIGKILL)


@unittest.skipIf(os.geteuid() != 0, "network namespaces need root")
class Abandoned(unittest.TestCase):
    def namespace(self, pid):
        name = f"lagg{pid}x7-test"
        run(["ip", "netns", "add", name])
        self.addCleanup(run, ["ip", "netns", "del", name], check=False)
        return name

    def there(self):
        return [line.split()[0] for line in run(["ip", "netns", "list"]).splitlines()]

    def test_only_those_of_the_dead_that_are_empty(self):
        with subprocess.Popen(["true"]) as dead:
            pass
        ours = self.namespace(os.getpid())
        theirs = self.namespace(dead.pid)
        remove_abandoned()
        self.assertIn(ours, self.there())
        self.assertNotIn(theirs, self.there())
        kept = self.namespace(dead.pid)
        with subprocess.Popen(["ip", "netns", "exec", kept, "sleep", "60"]) as inside:
            wait_for("a process in it", lambda: run(["ip", "netns", "pids", kept]), 5)
            remove_abandoned()
            self.assertIn(kept, self.there())
            inside.kill()


if __name__ == "__main__":
    unittest.main()
