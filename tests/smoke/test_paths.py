"""What laggd is given by others and what it leaves to others: paths that lead to no regular file, a
disk that is full, descriptors that are closed, a log that nobody reads."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from daemon_lab import Answer, DaemonTest, null_port
from smoke import main, programs, wait_for

from lab.command import Program, run
from lab.laboratory import PORTS
from lab.laggd import config_text

BAD_CONFIG = 6
STATIC = {"protocol": "loadbalance"}


class Alone(unittest.TestCase):
    """laggd over devices that need nothing, without a laboratory."""

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="lagg-paths-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.config = self.directory / "lagg.toml"
        self.log = self.directory / "laggd.log"
        self.argv = [str(programs.laggd), "-c", str(self.config)]
        self.write()

    def write(self, lagg=None, **daemon):
        self.config.write_text(config_text(
            {"memory": "none", "api": str(self.directory / "api.sock"), **daemon},
            [null_port("n0")],
            [{"name": "lagg0", **STATIC, "ports": ["n0"], "upper": "none", **(lagg or {})}]))

    def fifo(self):
        path = self.directory / "fifo"
        os.mkfifo(path)
        return path

    def start(self, argv=None):
        program = Program("laggd", argv or self.argv, self.log,
                          {"RUNTIME_DIRECTORY": str(self.directory)})
        self.addCleanup(program.stop, signal.SIGKILL)
        return program

    def ctl(self, *arguments):
        return Answer([str(programs.laggctl), "--socket", str(self.directory / "api.sock"),
                       *arguments])

    def wait_running(self, program):
        wait_for("laggd running", lambda: program.must_live() and self.ctl("status").code == 0 and
                 "lagg0" in self.ctl("show").out, 20)

    def check(self, complaint, *before):
        answer = Answer([*before, str(programs.laggd), "--check", str(self.config)], timeout=5)
        self.assertEqual(answer.code, BAD_CONFIG, answer.out)
        self.assertIn(complaint, answer.err)

    def test_fifo_as_configuration(self):
        program = self.start()
        self.wait_running(program)
        self.config.unlink()
        self.fifo().rename(self.config)
        answer = self.ctl("reload")
        self.assertEqual(answer.code, BAD_CONFIG)
        self.assertIn("it is a FIFO and not a regular file", answer.err)
        self.check("it is a FIFO and not a regular file")
        self.assertEqual(program.stop(), 0)

    def test_fifo_as_policy(self):
        program = self.start()
        self.wait_running(program)
        self.write({"hash": {"bpf": str(self.fifo())}})
        answer = self.ctl("reload")
        self.assertEqual(answer.code, BAD_CONFIG)
        self.assertIn("it is a FIFO and not a regular file", answer.err)
        self.check("it is a FIFO and not a regular file")
        self.assertEqual(program.stop(), 0)

    def test_link_as_recording(self):
        target = self.directory / "target"
        target.write_text("of somebody else")
        link = self.directory / "record"
        link.symlink_to(target)
        self.write(record=str(link))
        self.check("lagg.toml:4:10: cannot record to")
        answer = Answer(self.argv, env={"RUNTIME_DIRECTORY": str(self.directory)})
        self.assertEqual(answer.code, 1)
        self.assertIn("it is a symbolic link and not a regular file", answer.err)
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_text(), "of somebody else")

    def test_full_disk_as_recording(self):
        """The recording ends with a word in the log, and laggd goes on."""
        disk = self.directory / "disk"
        disk.mkdir()
        run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)])
        self.addCleanup(run, ["umount", str(disk)])
        self.write({"protocol": "lacp", "lacp": {"rate": "fast"}}, record=str(disk / "record"))
        program = self.start()
        wait_for("the end of the recording", lambda: program.must_live() and
                 "ends here, and can be replayed until here: No space left on device" in
                 self.log.read_text(), 30)
        self.assertEqual(program.stop(), 0)

    def test_cores_that_may_not_be_used(self):
        self.write(workers="0-16")
        self.check("names 17 cores; name at most 16")
        mine = sorted(os.sched_getaffinity(0))
        if len(mine) < 2:
            self.skipTest("this machine has one core")
        self.write(workers=[mine[1]])
        self.check(f"lagg.toml:4:11: [daemon] workers names core {mine[1]}, which this process may "
                   f"not use; it may use {mine[0]}", "taskset", "-c", str(mine[0]))

    def test_closed_descriptors(self):
        program = self.start(["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", *self.argv])
        self.wait_running(program)
        for number in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{program.pid}/fd/{number}"), "/dev/null")
        self.assertEqual(program.stop(), 0)
        for word in ("show", "nonsense"):
            subprocess.run(["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", str(programs.laggctl),
                            word], timeout=10, check=False)

    def test_log_that_nobody_reads(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.set_blocking(write, False)
        try:
            while True:
                os.write(write, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(write, True)
        process = subprocess.Popen(self.argv, stderr=write, stdin=subprocess.DEVNULL,
                                   env={**os.environ, "RUNTIME_DIRECTORY": str(self.directory)})
        self.addCleanup(process.kill)
        os.close(write)
        wait_for("laggd running", lambda: "lagg0" in self.ctl("show").out, 20)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertFalse((self.directory / "api.sock").exists())


class FullDisk(DaemonTest):
    """The directory of the API socket, in which laggd remembers its addresses, has no room."""

    def setUp(self):
        super().setUp()
        self.disk = self.laggd.directory / "disk"
        self.disk.mkdir()
        run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(self.disk)])
        self.addCleanup(run, ["umount", "-l", str(self.disk)])
        self.laggd.socket = self.disk / "api.sock"
        self.state = self.disk / "lagg0.aliases"

    def configure(self, *aliases):
        self.laggd.write(PORTS, {**STATIC, "aliases": list(aliases)})

    def fill(self):
        try:
            with open(self.disk / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
        except OSError:
            pass

    def test_what_was_remembered_stays(self):
        old = ["192.0.2.1/24", "192.0.2.2/24"]
        self.configure(*old)
        self.laggd.start_and_wait()
        self.assertEqual(self.state.read_text().split(), old)
        self.fill()
        before = self.laggd.log.stat().st_size
        self.configure("192.0.2.1/24", "192.0.2.3/24")
        self.reload()
        self.assertEqual(self.addresses(), {"192.0.2.1/24", "192.0.2.3/24"})
        said = self.laggd.log_since(before)
        self.assertIn("lagg0.aliases cannot be written: No space left on device", said)
        self.assertEqual(self.state.read_text().split(), old)
        self.assertEqual([path.name for path in self.disk.glob("*.new")], [])
        # As much as the file knows is taken off by a daemon that finds it.
        self.laggd.kill()
        self.configure("192.0.2.2/24")
        self.laggd.start_and_wait()
        self.assertNotIn("192.0.2.1/24", self.addresses())

    def test_it_is_remembered_at_the_end(self):
        self.configure("192.0.2.1/24")
        self.laggd.start_and_wait()
        self.fill()
        self.configure("192.0.2.3/24")
        self.reload()
        (self.disk / "filler").unlink()
        self.assertEqual(self.laggd.stop(), 0)
        self.assertEqual(self.state.read_text().split(), ["192.0.2.3/24"])


if __name__ == "__main__":
    main()
