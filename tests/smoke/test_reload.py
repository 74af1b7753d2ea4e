"""Changes of the configuration while laggd runs: what was asked for happens, and a file that cannot
be followed whole changes nothing at all."""

import time

from daemon_lab import LAGG_ALIASES, UP_LIMIT, DaemonTest, af_packet
from smoke import ALIASES, LabTest, main, wait_for

from lab.command import Program, run, watch
from lab.laboratory import PARTNER_PORTS, PORTS
from lab.laggd import config_text

STATIC = {"protocol": "loadbalance"}
# Two pings of each of a dozen streams; a reload that blocked the worker would lose hundreds.
HANDFUL = 24


class Changes(DaemonTest):
    def setUp(self):
        super().setUp()
        self.configure()
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)

    def configure(self, ports=PORTS, **lagg):
        self.laggd.write(ports, {**STATIC, "aliases": LAGG_ALIASES, **lagg})

    def change(self, ports=PORTS, **lagg):
        self.configure(ports, **lagg)
        self.reload()

    def test_aliases(self):
        hand = "198.51.100.7/24"
        run(["ip", "-n", self.inside.name, "addr", "add", hand, "dev", "lagg0"])
        steps = [
            ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"],  # one more
            ["192.0.2.2/24", "2001:db8::1/64"],                  # the first of its subnet goes
            ["192.0.2.2/24", "2001:db8::1/64"],                  # nothing
            ["192.0.2.2/25", "2001:db8::1/48"],                  # other prefix lengths
            [],
            LAGG_ALIASES,
        ]
        for aliases in steps:
            with self.subTest(aliases=aliases):
                self.change(aliases=aliases)
                self.assertEqual(self.addresses(), {*aliases, hand})
                self.assertEqual(sorted(self.laggd.lagg()["aliases"]), sorted(aliases))

    def test_kept_alias_is_never_gone(self):
        log = self.lab.directory / "monitor.out"
        program = Program("ip monitor", self.inside.argv(["ip", "monitor", "address"]), log)
        self.addCleanup(program.stop)
        time.sleep(0.3)  # there is no sign that it listens
        self.change(aliases=["192.0.2.9/24", *LAGG_ALIASES])
        self.change(aliases=[*reversed(LAGG_ALIASES)])
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))
        program.stop()
        went = [line for line in log.read_text().splitlines() if line.startswith("Deleted")]
        self.assertTrue(any("192.0.2.9/24" in line for line in went), went)
        for alias in LAGG_ALIASES:
            self.assertFalse(any(alias in line for line in went), went)

    def test_mtu_of_everything(self):
        for mtu in (9000, 1492, 1500):
            with self.subTest(mtu=mtu):
                self.change(mtu=mtu)
                self.assertEqual(self.mtus("p1", "p2", "lagg0"), [mtu] * 3)
                self.assertEqual(self.laggd.lagg()["mtu"], mtu)
        self.assertEqual(sorted(self.laggd.distributing()), PORTS)

    def test_description(self):
        self.change(description="storage, the left rack")
        self.assertEqual(self.link().get("ifalias"), "storage, the left rack")
        self.assertEqual(self.laggd.lagg()["description"], "storage, the left rack")
        self.change()
        self.assertIsNone(self.link().get("ifalias"))

    def test_mac(self):
        first = self.link()["address"]
        self.change(mac="02:00:5e:10:00:01")
        self.assertEqual(self.link()["address"], "02:00:5e:10:00:01")
        self.assertEqual(self.laggd.lagg()["mac"].lower(), "02:00:5e:10:00:01")
        self.change()
        self.assertEqual(self.link()["address"], first)
        self.assertEqual(self.addresses(), set(LAGG_ALIASES))

    def test_protocols(self):
        index = self.link()["ifindex"]
        self.partner()
        expected = {"failover": ["p1"], "roundrobin": PORTS, "none": [], "broadcast": PORTS,
                    "lacp": PORTS, "loadbalance": PORTS}
        for protocol, distributing in expected.items():
            with self.subTest(protocol=protocol):
                self.change(protocol=protocol, lacp={"rate": "fast"})
                self.assertEqual(self.laggd.lagg()["protocol"], protocol)
                self.laggd.wait_distributing(distributing, UP_LIMIT)
                self.wait_carrier(bool(distributing))
                self.assertEqual(self.link()["ifindex"], index)
                self.assertEqual(self.addresses(), set(LAGG_ALIASES))

    def test_signal(self):
        """SIGHUP does what laggctl reload does."""
        self.configure(description="by signal", mtu=1492)
        self.laggd.reload()
        wait_for("the description", lambda: self.laggd.lagg()["description"] == "by signal", 5)
        wait_for("the MTU", lambda: self.mtus("p1", "p2", "lagg0") == [1492] * 3, 5)

    def test_nothing_to_change(self):
        answer = self.laggd.ctl("reload")
        self.assertEqual(answer.code, 0)
        self.assertIn("nothing to change", answer.out)

    def test_laggs_come_and_go(self):
        self.more_cables(3, 4)
        first = {**STATIC, "ports": PORTS, "aliases": LAGG_ALIASES}
        second = {**STATIC, "name": "lagg7", "ports": ["p3", "p4"], "aliases": ["203.0.113.1/24"]}
        index = self.link()["ifindex"]
        self.laggd.write(["p1", "p2", "p3", "p4"], first, second)
        self.reload()
        self.assertEqual(self.addresses("lagg7"), {"203.0.113.1/24"})
        wait_for("lagg7 with carrier", lambda: self.carrier("lagg7"), 5)
        self.laggd.write(["p1", "p2", "p3", "p4"], first)
        self.reload()
        self.assertIsNone(self.link("lagg7"), "the interface of a removed lagg is still there")
        self.assertIsNone(self.laggd.lagg("lagg7"))
        self.assertEqual(self.link()["ifindex"], index)
        self.assertEqual(sorted(self.laggd.distributing()), PORTS)
        # Its ports are free for another lagg, and for the same one again.
        self.laggd.write(["p1", "p2", "p3", "p4"], first, {**second, "name": "lagg8"})
        self.reload()
        self.laggd.write(["p1", "p2", "p3", "p4"], second)
        self.reload()
        self.assertIsNone(self.link("lagg0"))
        self.assertIsNone(self.link("lagg8"))
        wait_for("lagg7 with carrier", lambda: self.carrier("lagg7"), 5)

    def test_port_moves_to_another_lagg(self):
        self.laggd.write(PORTS, {**STATIC, "ports": ["p1"]},
                         {**STATIC, "name": "lagg1", "ports": ["p2"]})
        self.reload()
        self.assertEqual(self.laggd.distributing(), ["p1"])
        wait_for("p2 in lagg1", lambda: self.laggd.lagg("lagg1")["ports"][0]["distributing"], 5)
        self.laggd.write(PORTS, {**STATIC, "ports": ["p2"]},
                         {**STATIC, "name": "lagg1", "ports": ["p1"]})
        self.reload()
        self.laggd.wait_distributing(["p2"], 5)
        wait_for("p1 in lagg1", lambda: self.laggd.lagg("lagg1")["ports"][0]["distributing"], 5)

    def test_port_gets_another_device(self):
        self.more_cables(3)
        self.laggd.write([af_packet("p1"), {**af_packet("p3"), "name": "p2"}], STATIC)
        self.reload()
        self.laggd.wait_distributing(PORTS, 5)
        self.assertIn("iface=p3", self.laggd.port("p2")["device"])
        self.lab.cables[2].pull()
        self.laggd.wait_distributing(["p1"], 2)


class Refusals(DaemonTest):
    def setUp(self):
        super().setUp()
        self.more_cables(3)
        self.write()
        self.laggd.start_and_wait()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.before = self.everything()

    def write(self, devices=("p1", "p2", "p3"), **lagg):
        """p3 is there, but used by nobody unless `ports` says so."""
        self.laggd.write(list(devices), {**STATIC, "ports": PORTS, "aliases": LAGG_ALIASES, **lagg})

    def everything(self):
        """What a refused reload must leave alone."""
        lagg = self.laggd.lagg()
        known = {key: lagg[key] for key in ("protocol", "description", "mtu", "mac", "aliases",
                                            "min_links", "state", "hash_policy", "hash_seed")}
        known["ports"] = [(port["name"], port["state"], port["distributing"])
                          for port in lagg["ports"]]
        return {**known, "addresses": self.addresses(),
                "mtus": self.mtus("p1", "p2", "p3", "lagg0"),
                "alias": self.link().get("ifalias"), "laggs": len(self.laggd.get()["laggs"]),
                "interfaces": sorted(self.inside.links())}

    def assert_refused(self, *names):
        """Exit code 6, everything named in laggctl's answer and in the log, nothing changed."""
        offset = self.laggd.log.stat().st_size
        answer = self.refused()
        for name in names:
            self.assertIn(name, answer.err)
        for name in names:
            self.assertIn(name, wait_for("the log", lambda: "refused and nothing changed" in
                                         self.laggd.log_since(offset)
                                         and self.laggd.log_since(offset), 2))
        self.assertEqual(self.everything(), self.before)
        self.assertIn(names[0], self.laggd.get()["last_reload"])
        return answer

    def test_broken_files(self):
        good = self.laggd.config.read_text()
        changed = good.replace('protocol = "loadbalance"', 'protocol = "loadbalance"\nmtu = 1492')
        last = changed.count("\n") + 1
        ports = changed.splitlines().index('ports = ["p1", "p2"]') + 1
        for what, text, where in (
                ("not TOML", changed + "hash = layer2\n", f":{last}:8"),
                ("unknown key", changed + 'prots = "p1"\n', f":{last}:1"),
                ("wrong type", changed + 'min_links = "two"\n', f":{last}:13"),
                ("out of range", changed + "min_links = 33\n", f":{last}:13"),
                ("no such port", changed.replace('["p1", "p2"]', '["p1", "p9"]'), f":{ports}:16"),
                ("two laggs with one name", changed + '[[lagg]]\nname = "lagg0"\nports = ["p3"]\n',
                 f":{last + 1}:8")):
            with self.subTest(what):
                self.laggd.config.write_text(text)
                self.assert_refused(f"{self.laggd.config}{where}")
        self.laggd.config.write_text(good)
        self.reload()
        self.assertEqual(self.laggd.get()["last_reload"], "ok")

    def test_file_that_is_gone(self):
        self.laggd.config.unlink()
        self.assert_refused(str(self.laggd.config))

    def test_signal_with_a_bad_file(self):
        self.laggd.config.write_text("[[lagg]\n")
        offset = self.laggd.log.stat().st_size
        self.laggd.reload()
        wait_for("the refusal in the log",
                 lambda: f"{self.laggd.config}:1:" in self.laggd.log_since(offset), 5)
        self.assertEqual(self.everything(), self.before)

    def test_device_that_does_not_exist(self):
        """Everything else in the file is not done either."""
        self.write(["p1", "p2", af_packet("nowhere")], ports=["p1", "p2", "nowhere"], mtu=1492,
                   description="never", aliases=[], protocol="roundrobin")
        line = self.laggd.config.read_text().splitlines().index(
            'device = "net_af_packet_nowhere,iface=nowhere"') + 1
        self.assert_refused(f"{self.laggd.config}:{line}:10", "nowhere")

    def test_device_that_does_not_open(self):
        """Known only when it is tried, after a good port was opened."""
        bad = af_packet("p4", ",qpairs=0")
        self.more_cables(4)
        self.before = self.everything()
        self.write(["p1", "p2", "p3", bad], ports=["p1", "p2", "p3", "p4"], aliases=[],
                   description="never")
        self.assert_refused("p4")
        # p3 was let go of: the next reload can have it.
        self.write(ports=["p1", "p2", "p3"])
        self.reload()
        self.laggd.wait_distributing(["p1", "p2", "p3"], 5)

    def test_mtu_that_one_member_refuses(self):
        """p2 has a ring with slots of 2 KB; p1 is asked before it and p3 after it."""
        ports = ["p1", af_packet("p2", ",framesz=2048,blocksz=4096"), "p3"]
        self.write(ports, ports=["p1", "p2", "p3"])
        self.reload()
        self.laggd.wait_distributing(["p1", "p2", "p3"], 5)
        self.before = self.everything()
        self.write(ports, ports=["p1", "p2", "p3"], mtu=9000, description="never", aliases=[])
        self.assert_refused("p2", "9000")
        self.assertEqual(self.mtus("p1", "p2", "p3", "lagg0"), [1500] * 4)

    def test_mtu_that_a_new_member_refuses(self):
        self.write(["p1", "p2", af_packet("p3", ",framesz=2048,blocksz=4096")],
                   ports=["p1", "p2", "p3"], mtu=9000)
        self.assert_refused("p3", "9000")


class UnderTraffic(LabTest):
    """Ports come and go while pings run over two others."""

    def setUp(self):
        super().setUp()
        network = self.lab.network
        self.lab.cables.append(network.cable((self.lab.lagg_side, "p3"),
                                             (self.lab.partner_side, "r3")))
        self.lab.ovs.partner_lacp([*PARTNER_PORTS, "r3"])
        self.laggd.interfaces = ["p1", "p2", "p3"]

    def configure(self, ports, **lagg):
        self.laggd.config.write_text(config_text(
            {"memory": "none", "api": str(self.laggd.socket), "log": "debug"},
            [af_packet(name) for name in ["p1", "p2", "p3"]],
            [{"name": "lagg0", "protocol": "lacp", "lacp": {"rate": "fast"}, "ports": ports,
              "aliases": ALIASES, "hash": "layer3+4", **lagg}]))

    def both(self, ports):
        """laggd and Open vSwitch agree on who carries traffic."""
        partner = [port.replace("p", "r") for port in ports]
        watch({"laggd": lambda: sorted(self.laggd.distributing()) == ports,
               "Open vSwitch": lambda: sorted(self.lab.ovs.enabled_members()) == partner}, 12)

    def running_on(self, ports, **lagg):
        self.configure(ports, **lagg)
        self.laggd.start()
        self.both(ports)
        self.wait_answers()
        streams = self.lab.ping_streams()
        streams.wait_until_answered()
        time.sleep(0.5)
        return streams

    def change(self, ports, **lagg):
        """Reloads with other ports, and allows no more than a handful of pings to get lost."""
        begun = time.time()
        self.configure(ports, **lagg)
        self.laggd.reload()
        self.both(ports)
        time.sleep(1)
        self.steps.append((ports, begun, time.time()))

    def finish(self, streams):
        begun, ended = self.steps[0][1], self.steps[-1][2]
        streams.stop()
        for ports, start, end in self.steps:
            lost, hit = streams.lost(start, end)
            self.assertLessEqual(lost, HANDFUL,
                                 f"{lost} pings lost in {hit} streams on the change to {ports}")
        self.assert_outage(streams, begun, ended, 0.2)
        self.assert_no_duplicates(streams)

    def test_port_added_and_removed(self):
        streams = self.running_on(PORTS)
        self.steps = []
        self.change(["p1", "p2", "p3"])
        self.change(["p1", "p3"])
        self.change(["p1", "p2"])
        self.change(["p1"])
        self.finish(streams)

    def test_first_port_removed(self):
        """The MAC address, and with it the LACP system, does not hang on it when it is given."""
        mac = "02:00:5e:10:00:01"
        streams = self.running_on(PORTS, mac=mac)
        self.steps = []
        self.change(["p2"], mac=mac)
        self.change(["p2", "p3"], mac=mac)
        self.finish(streams)


if __name__ == "__main__":
    main()
