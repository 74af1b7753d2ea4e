"""As many ports as there may be, of a kind whose receive rings keep their buffers, with all
defaults."""

import re
import select

from daemon_lab import Answer, DaemonTest
from smoke import main, programs, wait_for
from wire import packet_socket, socket_in

PORTS = 32
DEFAULT = 16384
BAD_CONFIG = 6


def tap_port(number):
    return {"name": f"t{number}", "device": f"net_tap{number},iface=t{number}"}


class ManyPorts(DaemonTest):
    def write(self, count, **daemon):
        self.laggd.write([tap_port(number) for number in range(count)], {"protocol": "lacp"},
                         **daemon)

    def listen(self, count):
        """A socket on each interface, once laggd has made it."""
        wait_for("the interfaces", lambda: all(f"t{number}" in self.inside.links()
                                               for number in range(count)), 20)
        for number in range(count):
            opened = socket_in(self.inside, lambda: packet_socket(f"t{number}"))
            self.addCleanup(opened.close)
            yield opened

    def test_each_port_speaks(self):
        """Data takes no buffer that a LACPDU needs, and there are buffers for the rings of all."""
        self.write(PORTS)
        self.laggd.start_and_wait()
        silent = list(self.listen(PORTS))

        def all_heard():
            for opened in select.select(silent, [], [], 0)[0]:
                silent.remove(opened)
            return not silent
        wait_for("a LACPDU from each port", all_heard, 10)
        status = self.laggd.get()
        self.assertGreater(status["buffers_free"], 0)
        self.assertGreater(status["buffers_total"], PORTS * 1024)
        for port in self.laggd.lagg()["ports"]:
            self.assertGreater(port["lacp"]["lacpdus_tx"], 0, port["name"])
            self.assertEqual(port["lacp"]["lacpdus_unsent"], 0, port["name"])

    def test_too_few_buffers_are_refused(self):
        self.write(17, buffers=DEFAULT)
        lines = self.laggd.config.read_text().splitlines()
        line = 1 + lines.index(f"buffers = {DEFAULT}")
        said = self.check()
        wanted = re.search(rf"{line}:\d+: buffers = {DEFAULT}, and (\d+) packet buffers are needed",
                           said.err)
        self.assertEqual(said.code, BAD_CONFIG, said.err)
        self.assertIsNotNone(wanted, said.err)
        self.write(17, buffers=int(wanted[1]))
        self.assertEqual(self.check().code, 0, self.check().err)

    def test_a_reload_that_needs_more_than_there_are_is_refused(self):
        self.write(2)
        self.laggd.start_and_wait()
        self.write(PORTS)
        said = self.refused()
        self.assertRegex(said.err + said.out,
                         r"lagg.toml:\d+:\d+: the ports need \d+ packet buffers")
        self.assertEqual(len(self.laggd.lagg()["ports"]), 2)

    def check(self):
        return Answer(self.inside.argv([str(programs.laggd), "--check", str(self.laggd.config)]))


if __name__ == "__main__":
    main()
