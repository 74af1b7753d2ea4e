"""The command line, and what laggd tells the person who started it: checks, refusals, and what it
can do without root and without huge pages."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from daemon_lab import Answer, DaemonTest, af_packet, null_port
from smoke import ROOT, main, programs, wait_for

from lab.command import Program, last_lines, run
from lab.laboratory import PORTS
from lab.laggd import config_text

BROKEN = ROOT / "tests" / "control" / "config" / "broken"
FAILED, BAD_CONFIG = 1, 6
NULL_LAGG = {"name": "lagg0", "protocol": "loadbalance", "ports": ["n0", "n1"]}


def laggd(*arguments, **more):
    return Answer([str(programs.laggd), *map(str, arguments)], **more)


class Check(DaemonTest):
    def test_broken_files(self):
        files = sorted(BROKEN.glob("*.toml"))
        self.assertGreater(len(files), 40)
        said = {}
        for file in files:
            with self.subTest(file.name):
                answer = laggd("--check", file)
                self.assertEqual(answer.code, BAD_CONFIG)
                self.assertTrue(answer.err.startswith(f"{file}:"), answer.err)
                self.assertEqual(answer.out, "")
                message = answer.err.replace(str(file), "")
                self.assertNotIn(message, said.values())
                said[file.name] = message

    def test_broken_files_do_not_start(self):
        for file in sorted(BROKEN.glob("*.toml"))[::12]:
            with self.subTest(file.name):
                answer = laggd("-c", file)
                self.assertEqual(answer.code, BAD_CONFIG)
                self.assertEqual(answer.err, laggd("--check", file).err)

    def test_devices_that_do_not_exist(self):
        self.laggd.config.write_text(config_text({}, [
            af_packet("p1"),
            {"name": "gone", "device": "net_af_packet,iface=gone"},
            {"name": "pci", "device": "0000:ff:1f.7"},
            {"name": "xdp", "device": "net_af_xdp,iface=away"},
        ], [{"name": "lagg0", "ports": ["p1", "gone", "pci", "xdp"]}]))
        answer = Answer(self.inside.argv([str(programs.laggd), "--check", str(self.laggd.config)]))
        self.assertEqual(answer.code, BAD_CONFIG)
        lines = answer.err.splitlines()
        self.assertEqual(len(lines), 3, answer.err)
        text = self.laggd.config.read_text().splitlines()
        for line, device in zip(lines, ("net_af_packet,iface=gone", "0000:ff:1f.7",
                                        "net_af_xdp,iface=away")):
            at = text.index(f'device = "{device}"') + 1
            self.assertTrue(line.startswith(f"{self.laggd.config}:{at}:10: port "), line)
        self.assertIn("'gone'", lines[0])
        self.assertIn("0000:ff:1f.7", lines[1])
        self.assertIn("'away'", lines[2])

    def test_good_file(self):
        self.laggd.write(PORTS, {})
        answer = Answer(self.inside.argv([str(programs.laggd), "--check", str(self.laggd.config)]))
        self.assertEqual(answer.code, 0, answer.err)
        for line in answer.err.splitlines():
            self.assertRegex(line, r":\d+:\d+: warning: ")

    def test_no_such_file(self):
        answer = laggd("--check", "/nonexistent/lagg.toml")
        self.assertEqual(answer.code, BAD_CONFIG)
        self.assertIn("/nonexistent/lagg.toml", answer.err)


class Interfaces(DaemonTest):
    def test_remove_interfaces(self):
        where = self.inside.name
        for kind, name in (("tap", "lagg3"), ("tap", "lagg12"), ("tap", "tap0"), ("tap", "laggard"),
                           ("tun", "lagg4")):
            run(["ip", "-n", where, "tuntap", "add", name, "mode", kind])
        run(["ip", "-n", where, "link", "add", "lagg5", "type", "veth", "peer", "name", "lagg6"])
        before = set(self.inside.links())
        answer = Answer(self.inside.argv([str(programs.laggd), "--remove-interfaces"]))
        self.assertEqual((answer.code, answer.err), (0, ""))
        self.assertEqual(answer.out, "removed lagg3\nremoved lagg12\n")
        self.assertEqual(before - set(self.inside.links()), {"lagg3", "lagg12"})
        again = Answer(self.inside.argv([str(programs.laggd), "--remove-interfaces"]))
        self.assertEqual((again.code, again.out, again.err), (0, "", ""))

    def test_name_that_somebody_else_has(self):
        run(["ip", "-n", self.inside.name, "link", "add", "lagg0", "type", "veth", "peer", "name",
             "other"])
        self.laggd.write(PORTS, {"protocol": "loadbalance"})
        self.laggd.start()
        program = self.laggd.program
        wait_for("the end of laggd", lambda: not program.alive, 15)
        self.laggd.program = None
        self.assertEqual(program.process.returncode, FAILED)
        self.assertIn("lagg0", program.said(3))
        self.assertEqual(self.link()["linkinfo"]["info_kind"], "veth")

    def test_second_laggd(self):
        self.laggd.write(PORTS, {"protocol": "loadbalance"})
        self.laggd.start_and_wait()
        second = Answer(self.laggd.argv())
        self.assertEqual(second.code, FAILED)
        errors = [line for line in second.err.splitlines() if "error" in line]
        self.assertEqual(len(errors), 1, second.err)
        self.assertIn(str(self.laggd.socket), errors[0])
        self.assertIn("laggd", errors[0].split("error", 1)[1])
        self.assertEqual(self.laggd.ctl("status").code, 0, "the first one lost its socket")
        self.laggd.wait_distributing(PORTS, 5)


class Memory(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="lagg-memory-"))
        self.addCleanup(shutil.rmtree, self.directory)
        free = sum(int(path.read_text()) for path in
                   Path("/sys/kernel/mm/hugepages").glob("*/free_hugepages"))
        if free:
            self.skipTest("this machine has huge pages")

    def configure(self, memory):
        file = self.directory / "lagg.toml"
        file.write_text(config_text({"memory": memory, "api": str(self.directory / "api.sock")},
                                    [null_port("n0"), null_port("n1")],
                                    [{**NULL_LAGG, "upper": "none"}]))
        return file

    def test_huge_pages_asked_for(self):
        answer = laggd("-c", self.configure("hugepages"),
                       env={"RUNTIME_DIRECTORY": str(self.directory)})
        self.assertEqual(answer.code, FAILED)
        errors = [line for line in answer.err.splitlines() if "error" in line]
        self.assertEqual(len(errors), 1, answer.err)
        self.assertIn('memory = "hugepages"', errors[0])
        self.assertIn("/proc/sys/vm/nr_hugepages", errors[0])

    def test_going_on_without(self):
        program = Program("laggd", [str(programs.laggd), "-c", str(self.configure("auto"))],
                          self.directory / "laggd.log", {"RUNTIME_DIRECTORY": str(self.directory)})
        self.addCleanup(program.stop)
        wait_for("laggd running", lambda: program.must_live() and "running" in program.said(50), 20)
        self.assertIn("running without huge pages", program.said(50))
        self.assertEqual(program.stop(), 0)


@unittest.skipUnless(shutil.which("setpriv"), "setpriv is not installed")
class OrdinaryUser(unittest.TestCase):
    """laggd as nobody, who may make no kernel interface and not write to /run."""

    def setUp(self):
        self.nobody = pwd.getpwnam("nobody")
        self.directory = Path(tempfile.mkdtemp(prefix="lagg-nobody-"))
        self.addCleanup(shutil.rmtree, self.directory)
        for path in (programs.laggd, programs.laggctl):
            reached = subprocess.run([*self.as_nobody(), "test", "-x", str(path)], check=False)
            if reached.returncode != 0:
                self.skipTest(f"{path} is out of reach for nobody")
        self.config = self.directory / "lagg.toml"
        self.config.write_text(config_text({"memory": "none"}, [null_port("n0"), null_port("n1")],
                                           [NULL_LAGG]))
        os.chown(self.directory, self.nobody.pw_uid, self.nobody.pw_gid)
        self.directory.chmod(0o755)
        self.config.chmod(0o644)

    def as_nobody(self):
        return ["setpriv", f"--reuid={self.nobody.pw_uid}", f"--regid={self.nobody.pw_gid}",
                "--clear-groups", "--inh-caps=-all", "--no-new-privs"]

    def test_runs_without_kernel_interfaces(self):
        environment = ["env", f"XDG_RUNTIME_DIR={self.directory}"]
        log = self.directory / "laggd.log"
        program = Program("laggd", [*environment, *self.as_nobody(), str(programs.laggd),
                                    "-c", str(self.config)], log)
        self.addCleanup(program.stop)
        wait_for("laggd running", lambda: program.must_live() and
                 " running " in last_lines(log, 100), 20)
        said = log.read_text()
        self.assertIn("without their kernel interfaces", said)
        self.assertIn("CAP_NET_ADMIN", said)
        socket = self.directory / "lagg" / "api.sock"
        self.assertIn(str(socket), said)
        status = Answer([*self.as_nobody(), str(programs.laggctl), "--socket", str(socket),
                         "status"])
        self.assertEqual(status.code, 0, status.err)
        self.assertIn("no huge pages", status.out)
        shown = Answer([*self.as_nobody(), str(programs.laggctl), "--socket", str(socket), "show"])
        self.assertEqual(shown.code, 0, shown.err)
        self.assertIn("lagg0", shown.out)
        self.assertNotIn("lagg0", os.listdir("/sys/class/net"))
        begun = time.monotonic()
        self.assertEqual(program.stop(), 0)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertFalse(socket.exists())


if __name__ == "__main__":
    main()
