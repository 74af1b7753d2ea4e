"""What an operator sees and does of LACP, with a partner on the wire: why, pdus, history, the tests
that lose LACPDUs, draining, and a reload that changes a port's parameters."""

import json
import time

from daemon_lab import LACP_FAST, UP_LIMIT, DaemonTest, af_packet
from smoke import main, wait_for
from wire import ACTIVITY, SYNCHRONIZATION, TIMEOUT

from lab.laboratory import PARTNER_PORTS, PORTS

CARRIES, NO_TRAFFIC = 0, 7
# A partner is lost 3 s after its last LACPDU, and lost for good 3 s later.
SILENCE = 8


class Why(DaemonTest):
    def up(self, ports=PORTS, **lacp):
        peer = self.partner()
        self.laggd.write(ports, {"protocol": "lacp", "lacp": {"rate": "fast", **lacp}})
        self.laggd.start_and_wait()
        return peer

    def up_and_carrying(self, **lacp):
        peer = self.up(**lacp)
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        return peer

    def ok(self, *arguments):
        answer = self.laggd.ctl(*arguments)
        self.assertEqual(answer.code, 0, f"{arguments}: {answer.out}{answer.err}")
        return answer.out

    def why(self, port):
        """(exit code, finding)"""
        answer = self.laggd.ctl("-j", "why", "lagg0", port)
        return answer.code, json.loads(answer.out)["finding"]

    def wait_finding(self, port, finding, timeout=SILENCE):
        wait_for(f"{port} found {finding}", lambda: self.why(port) == (NO_TRAFFIC, finding), timeout)

    def pdus(self, port, direction=None):
        found = json.loads(self.ok("-j", "lacp", "pdus", port))
        return [pdu for pdu in found if direction in (None, pdu["direction"])]

    def test_a_static_lagg_opposite_a_switch_with_lacp(self):
        partner = self.partner()
        for protocol in ("loadbalance", "roundrobin", "failover"):
            self.laggd.write(PORTS, {"protocol": protocol})
            if self.laggd.program is None:
                self.laggd.start_and_wait()
            else:
                self.reload()
            self.wait_finding("p1", "lacp_unwanted")
            said = self.laggd.ctl("why", "lagg0", "p1").out
            self.assertIn(f"the other end ({partner.SYSTEM.hex(':')}) speaks LACP", said)
            self.assertIn('Write protocol = "lacp"', said)

    # --- seeing -----------------------------------------------------------------------------------

    def test_pdus_are_those_on_the_wire(self):
        peer = self.up_and_carrying()
        heard = peer.lacpdus("r1")
        sent = self.pdus("p1", "tx")
        self.assertGreaterEqual(len(sent), 3)
        for pdu, at in zip(sent, (heard[0].at, heard[1].at, heard[2].at)):
            self.assertAlmostEqual(time.time() - pdu["seconds_ago"], at, delta=0.5)
            self.assertEqual(pdu["time"][:13], time.strftime("%Y-%m-%dT%H", time.gmtime(at)))
        self.assertEqual(sent[0]["actor"]["port"], heard[0].actor.port)
        self.assertTrue(sent[0]["hex"].startswith("0180c2000002"))
        came = self.pdus("p1", "rx")
        self.assertEqual(came[-1]["actor"]["system"], peer.SYSTEM.hex(":"))
        changes = [change for pdu in sent for change in pdu["changed"]]
        self.assertTrue(any(change.startswith("actor +N") for change in changes), changes)
        lines = self.ok("lacp", "pdus", "p1").splitlines()
        self.assertGreaterEqual(len(lines), 2 + len(sent) + len(came))
        self.assertIn("0180c2000002", self.ok("lacp", "pdus", "p1", "-x"))

    def test_history_tells_the_negotiation(self):
        self.up_and_carrying()
        moves = json.loads(self.ok("-j", "lacp", "history", "p2"))
        mux = [move["to"] for move in moves if move["machine"] == "mux"]
        self.assertEqual(mux[-3:], ["ATTACHED", "COLLECTING", "DISTRIBUTING"])
        self.assertIn("partner is collecting", self.ok("lacp", "history", "p2"))

    def test_nobody_there(self):
        self.laggd.write(PORTS, LACP_FAST)
        self.laggd.start_and_wait()
        self.wait_finding("p1", "partner_unheard")
        answer = self.laggd.ctl("why", "lagg0")
        self.assertEqual(answer.code, NO_TRAFFIC)
        self.assertEqual(answer.out.count("WRONG  LACPDUs in"), 2, answer.out)
        self.assertIn("Turn LACP on at the switch's port", answer.out)

    def test_partner_out_of_sync(self):
        peer = self.up_and_carrying()
        self.assertEqual(self.why("p1"), (CARRIES, "carries"))
        peer.STATE &= ~SYNCHRONIZATION
        self.wait_finding("p1", "partner_not_in_sync")

    def test_partner_that_hears_nothing(self):
        """It goes on to say that nobody is there: a link that works in one direction."""
        peer = self.up_and_carrying()
        peer.on_lacpdu = lambda name, pdu: None
        nobody = type(peer._known["r1"])(0, bytes(6), 0, 0, 0, 0)
        for name in PARTNER_PORTS:
            peer._known[name] = nobody
        self.wait_finding("p2", "one_way")

    def test_partner_that_sends_too_rarely(self):
        """It knows that one a second is asked for, and is lost and found again all the time."""
        peer = self.up()
        peer.PERIOD = 4.0
        peer.on_lacpdu = lambda name, pdu: peer._known.__setitem__(name, pdu.actor)
        self.wait_finding("p1", "partner_too_slow", 4 * peer.PERIOD)
        since = time.time()
        while time.time() < since + peer.PERIOD + 1:
            self.assertEqual(self.why("p1"), (NO_TRAFFIC, "partner_too_slow"))
        self.assertIn('write rate = "slow" here', self.laggd.ctl("why", "lagg0", "p1").out)
        peer.PERIOD = 1.0
        wait_for("the complaint taken back", lambda: self.why("p1") == (CARRIES, "carries"), 20)

    def test_partner_whose_lacpdus_are_tagged(self):
        peer = self.partner()
        peer.VLAN = 5
        self.laggd.write(PORTS, LACP_FAST)
        self.laggd.start_and_wait()
        self.wait_finding("p1", "partner_tagged")
        self.assertIn("LACPDUs come with a tag of VLAN 5", self.laggd.ctl("why", "lagg0", "p1").out)
        peer.VLAN = None
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.assertEqual(self.why("p1"), (CARRIES, "carries"))

    def test_cloned_host(self):
        """Somebody else has our MAC, and nothing else of us."""
        peer = self.up_and_carrying()
        ours = bytes.fromhex(self.laggd.lagg()["lacp"]["system"].replace(":", ""))
        peer.SYSTEM = ours
        self.wait_finding("p1", "cloned")
        said = self.laggd.ctl("why", "lagg0", "p1").out
        self.assertIn(f"its source address {ours[:5].hex(':')}:01", said)
        self.assertNotIn("loop:", said)

    def test_link_down(self):
        self.up_and_carrying()
        self.lab.cables[0].pull()
        self.wait_finding("p1", "link_down")
        self.assertEqual(self.why("p2"), (CARRIES, "carries"))

    # --- doing ------------------------------------------------------------------------------------

    def test_rxtest(self):
        self.up_and_carrying()
        self.ok("lacp", "rxtest", "p1", "on")
        self.assertIn("rxtest drops", self.ok())
        self.laggd.wait_distributing(["p2"], SILENCE)
        self.assertEqual(self.why("p1"), (NO_TRAFFIC, "rxtest"))
        self.assertGreaterEqual(self.laggd.port("p1")["lacp"]["rxtest_dropped"], 3)
        self.ok("lacp", "rxtest", "p1", "off")
        self.laggd.wait_distributing(PORTS, UP_LIMIT)
        self.assertIn("(rxtest on)", self.laggd.said(1000))

    def test_txtest(self):
        peer = self.up_and_carrying()
        self.ok("lacp", "txtest", "p1", "on")
        since = time.time()
        time.sleep(3)
        self.assertEqual(peer.lacpdus("r1", since + 0.1), [])
        self.assertGreaterEqual(len(peer.lacpdus("r2", since)), 2)
        self.assertGreaterEqual(self.laggd.port("p1")["lacp"]["txtest_dropped"], 2)
        self.assertIn("! p1: txtest holds its LACPDUs back", self.ok())
        self.ok("lacp", "txtest", "p1", "off")
        wait_for("LACPDUs again", lambda: peer.lacpdus("r1", since + 3), 3)

    def test_drain_and_take_back(self):
        peer = self.up_and_carrying()
        self.ok("drain", "lagg0", "p1", "on")
        self.laggd.wait_distributing(["p2"], 3)
        self.assertEqual(self.why("p1"), (NO_TRAFFIC, "drained"))
        wait_for("the partner told", lambda: not peer.last("r1").actor.state & SYNCHRONIZATION, 3)
        since = time.time()
        wait_for("LACPDUs go on", lambda: peer.lacpdus("r1", since), 3)
        self.reload()
        self.assertEqual(self.laggd.distributing(), ["p2"], "a reload ended the drain")
        self.ok("drain", "lagg0", "p1", "off")
        self.laggd.wait_distributing(PORTS, UP_LIMIT)

    def test_a_configured_drain_is_not_taken_back(self):
        drained = {**af_packet("p1"), "lacp": {"drain": True}}
        self.up([drained, "p2"])
        self.laggd.wait_distributing(["p2"], UP_LIMIT)
        answer = self.laggd.ctl("drain", "lagg0", "p1", "off")
        self.assertEqual(answer.code, 1)
        self.assertIn("drained by the configuration", answer.err)
        self.laggd.write(PORTS, LACP_FAST)
        self.reload()
        self.laggd.wait_distributing(PORTS, UP_LIMIT)

    # --- a reload of LACP parameters --------------------------------------------------------------

    def test_reload_changes_parameters_of_a_port(self):
        peer = self.up_and_carrying()
        edited = {**af_packet("p1"), "lacp": {"priority": 7, "mode": "passive", "rate": "slow",
                                              "key": 9}}
        self.laggd.write([edited, "p2"], LACP_FAST)
        self.reload()

        def told():
            actor = peer.last("r1").actor
            return (actor.port_priority, actor.key,
                    actor.state & (ACTIVITY | TIMEOUT)) == (7, 9, 0)
        wait_for("the new parameters on the wire", told, 5)
        parameters = self.laggd.port("p1")["lacp"]["parameters"]
        self.assertEqual((parameters["priority"], parameters["key"]), (7, 9))
        self.assertEqual((parameters["active"], parameters["fast"]), (False, False))
        self.laggd.write([{**af_packet("p1"), "lacp": {"enabled": False}}, "p2"], LACP_FAST)
        self.reload()
        self.wait_finding("p1", "lacp_off")

    def test_reload_changes_parameters_of_the_lagg(self):
        self.up_and_carrying()
        self.laggd.write(PORTS, {"protocol": "lacp",
                                 "lacp": {"rate": "fast", "max_links": 1, "mux": "coupled",
                                          "select": "count", "churn_time": 5}})
        self.reload()
        wait_for("one port in use", lambda: len(self.laggd.distributing()) == 1, UP_LIMIT)
        idle = next(port for port in PORTS if port not in self.laggd.distributing())
        self.assertEqual(self.why(idle), (NO_TRAFFIC, "max_links"))
        lacp = self.laggd.lagg()["lacp"]
        self.assertEqual((lacp["max_links"], lacp["coupled"], lacp["select"],
                          lacp["churn_time_seconds"]), (1, True, "count", 5))
        self.assertIn("coupled mux", self.ok("show", "lagg0", "lacp"))


if __name__ == "__main__":
    main()
