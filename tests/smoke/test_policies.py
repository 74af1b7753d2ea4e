"""Policies in C and rules in tcpdump's language as an operator gives them to laggd: what is good
takes effect with a reload, and what is refused says where and changes nothing."""

import shutil
import unittest
from pathlib import Path

from daemon_lab import Answer, DaemonTest
from smoke import main, wait_for

from lab.command import run
from lab.laboratory import PORTS

HEADER = Path(__file__).resolve().parents[2] / "dataplane" / "bpf"
STATIC = {"protocol": "loadbalance"}


@unittest.skipUnless(shutil.which("clang"), "clang is not installed")
class Policies(DaemonTest):
    def setUp(self):
        super().setUp()
        self.object = self.lab.directory / "policy.o"
        self.with_program = {**STATIC, "hash": {"bpf": str(self.object)}}

    def compile(self, body):
        source = self.lab.directory / "policy.c"
        source.write_text('#include "lagg_policy.h"\nLAGG_POLICY lagg_u64 policy(struct lagg_flow *flow)\n'
                          f"{{ {body} }}\n")
        run(["clang", "-O2", "-g", "-w", "-target", "bpf", "-mcpu=v2", f"-I{HEADER}", "-c",
             str(source), "-o", str(self.object)])

    def running(self, **lagg):
        self.laggd.write(PORTS, {**STATIC, **lagg})
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, 10)

    def obeyed(self):
        """How often a program was taken into use so far."""
        return self.laggd.log_since(0).count("obeys program")

    def refused_at(self, *words):
        """The reload fails, with these words and the line and column of the file."""
        error = self.refused().err
        self.assertRegex(error, rf"{self.laggd.config}:\d+:\d+: lagg0: ")
        for word in words:
            self.assertIn(word, error)

    def test_a_program_is_exchanged_when_its_file_differs(self):
        self.compile("return flow->source_port;")
        self.running(**self.with_program)
        self.assertEqual(self.obeyed(), 1)
        self.assertIn("nothing to change", self.laggd.ctl("reload").out)
        self.assertEqual(self.obeyed(), 1)
        self.compile("return LAGG_BUCKET(7);")
        self.reload()
        self.assertEqual(self.obeyed(), 2)
        answer = self.laggd.ctl("hash", "lagg0", "--src", "192.0.2.1", "--dst", "192.0.2.2").out
        self.assertRegex(answer, r"a frame of 60 octets by bucket 7 to p\d")

    def test_a_refused_program_leaves_the_old_one(self):
        self.compile("return 0;")
        self.running(**self.with_program)
        self.compile("lagg_u64 sum = 0; for (lagg_u32 i = 0; i < flow->length; ++i) sum += sum * i + 1; return sum;")
        self.refused_at("policy.c:3")
        self.assertEqual(self.obeyed(), 1)
        self.compile("return 0;")  # as it was, so that nothing is new
        self.assertIn("nothing to change", self.laggd.ctl("reload").out)

    def test_a_refused_filter_refuses_the_reload(self):
        self.running()
        self.laggd.write(PORTS, {**STATIC, "description": "never",
                                 "rules": [{"filter": "tcp portt 80", "port": PORTS[0]}]})
        self.refused_at("tcp portt 80")
        self.assertEqual(self.laggd.lagg()["description"], "")
        self.laggd.write(PORTS, {**STATIC, "rules": [{"filter": "tcp port 80", "port": PORTS[0]}]})
        self.reload()

    def test_where_a_flow_goes_by_the_rules(self):
        self.running(rules=[{"filter": "udp", "port": PORTS[0]}, {"filter": "tcp port 80", "port": PORTS[1]}])

        def answer(*fields):
            return self.laggd.ctl("hash", "lagg0", "--src", "192.0.2.1", "--dst", "192.0.2.2", *fields).out
        self.assertRegex(answer("--dport", "80"), f'"tcp port 80" is stronger .* to {PORTS[1]}')
        self.assertRegex(answer("--proto", "udp", "--dport", "80"), f'"udp" is stronger .* to {PORTS[0]}')
        self.assertIn("none of the lagg's rules in force matches", answer("--dport", "81"))

    def test_a_refused_program_stops_the_start(self):
        self.object.write_text("no object file")
        self.laggd.write(PORTS, self.with_program)
        self.laggd.start()
        wait_for("the refusal", lambda: f"{self.object}" in self.laggd.log_since(0), 20)
        wait_for("the end", lambda: self.laggd.program.process.poll() is not None, 20)
        self.laggd.program = None

    def test_check_refuses_both(self):
        self.object.write_text("no object file")
        self.laggd.write(PORTS, {**self.with_program,
                                 "rules": [{"filter": "tcp portt 80", "port": PORTS[0]}]})
        answer = Answer(self.laggd.argv("--check", str(self.laggd.config)))
        self.assertNotEqual(answer.code, 0)
        for word in (str(self.object), "tcp portt 80"):
            self.assertIn(word, answer.err)


if __name__ == "__main__":
    main()
