"""What the demonstration does, act by act; each books what it asks for and what it measured.

Traffic is counted inside the cables and timed by the pings themselves, so that no figure rests on
what laggd says about itself.
"""

import time

from . import traffic
from .command import LabError, wait_for, watch
from .laboratory import (ALIASES, HOST4, HOST6, HOST_PORT, LAGG4, LAGG6, PARTNER_PORTS, PORTS)
from .network import carried_between
from .report import count, ms, share

UP_LIMIT = 5.0
OUTAGE_LIMIT = 0.2
SILENT_LIMIT = 3.2
FLOWS = 32
MIN_FLOWS = 16  # of them that moved data; a lost SYN costs a flow a second or more of its two
MIN_SHARE = 0.1  # on the lesser cable, of what laggd sends
# When Open vSwitch sends, one flow gets a thousand times what another gets, and ACKs follow that.
MIN_SHARE_OF_OVS = 0.01
MIN_ACKS = 100

PARTNERS = {  # what stands opposite each protocol
    "failover": "a bond in active-backup mode",
    "loadbalance": "a static aggregate (an OpenFlow select group)",
    "roundrobin": "a static aggregate (an OpenFlow select group)",
    "broadcast": "a bond in active-backup mode, which drops the second copies",
    "none": "a static aggregate (an OpenFlow select group)",
}


class Acts:
    def __init__(self, lab, report):
        self.lab = lab
        self.report = report
        self.changed = time.monotonic()  # when the configuration was last reloaded

    # --- tools ------------------------------------------------------------------------------------

    def sent_by(self, side, action, kind="packets"):
        """Runs `action` and returns what each cable took in from `side` meanwhile, and its
        result."""
        before = self.lab.network.carried()
        result = action()
        return carried_between(before, self.lab.network.carried(), side, kind), result

    def answered(self):
        """Pings from both ends in both families came back."""
        lab = self.lab
        return (traffic.answers(lab.lagg_side, HOST4[0], 1), traffic.answers(lab.host, LAGG4, 1),
                traffic.answers(lab.lagg_side, HOST6[0], 1), traffic.answers(lab.host, LAGG6, 1)
                ) == (1, 1, 1, 1)

    def lacp_up(self):
        return {"laggd on p1 and p2": lambda: sorted(self.lab.laggd.distributing()) == PORTS,
                "Open vSwitch on r1 and r2":
                    lambda: sorted(self.lab.ovs.enabled_members()) == PARTNER_PORTS}

    def running_streams(self):
        streams = self.lab.ping_streams()
        streams.wait_until_answered()
        time.sleep(0.5)  # a stretch of undisturbed traffic to compare with
        return streams

    def check_outage(self, part, what, streams, start, end, limit=OUTAGE_LIMIT):
        out, where = streams.worst_outage(start, end)
        lost, hit = streams.lost(start, end)
        self.report.check(part, what, f"{ms(out)}, {count(lost, 'ping')} lost in {hit} of "
                          f"{count(len(streams.results), 'stream')}", f"<= {ms(limit)}",
                          out <= limit, seconds=round(out, 4), lost=lost)
        if out > limit:
            self.report.say(f"the worst stream was {where}")

    def check_duplicates(self, part, streams, spared=None):
        twice = streams.duplicates(spared)
        self.report.check(part, "duplicated replies", f"{twice} of {streams.sent}", "0", twice == 0,
                          duplicates=twice)

    # --- LACP -------------------------------------------------------------------------------------

    def negotiate(self):
        lab, report = self.lab, self.report
        report.title("LACP: negotiation with Open vSwitch")
        lab.ovs.partner_lacp(PARTNER_PORTS)
        report.say("Open vSwitch: bond of r1 and r2, active, fast rate, balance-tcp")
        lab.laggd.write_config(protocol="lacp", mtu=1500, aliases=ALIASES, hash="layer3+4",
                               lacp={"rate": "fast"})
        begun = time.monotonic()
        lab.laggd.start()
        lab.write_down()
        report.say("laggd starts: lagg0 over p1 and p2, LACP, fast rate")
        took = watch({"laggd's API": lab.laggd.lagg,
                      **self.lacp_up()}, 20,
                     lambda name, seconds: report.say(f"{name}: {seconds:.2f} s after the start"))
        wait_for("pings in both families", self.answered, 10)
        answered = time.monotonic() - begun
        slowest = max(took.values())
        report.check("lacp", "up with Open vSwitch after laggd's start", f"{slowest:.2f} s",
                     f"<= {UP_LIMIT:g} s", slowest <= UP_LIMIT, seconds=round(slowest, 3))
        report.check("lacp", "IPv4 and IPv6 answer from both ends",
                     f"{answered:.2f} s after the start", "all", True)
        report.show(lab.laggd.show())
        for name, member in lab.ovs.lacp_members().items():
            report.say(f"Open vSwitch about {name}: {member['status']}; laggd's flags: "
                       f"{member['partner state']}")

    def tcp(self):
        lab, report = self.lab, self.report
        report.title(f"TCP: {FLOWS} flows, both families, both ways")
        for family, target in (("IPv4", HOST4[0]), ("IPv6", HOST6[0])):
            for backwards in (False, True):
                side = "right" if backwards else "left"
                parts, result = self.sent_by(side, lambda: traffic.tcp(
                    lab.lagg_side, target, flows=FLOWS, backwards=backwards), "bytes")
                who = "Open vSwitch" if backwards else "laggd"
                lesser = min(parts) / max(1, sum(parts))
                least = MIN_SHARE_OF_OVS if backwards else MIN_SHARE
                report.check("lacp", f"{family} TCP sent by {who}",
                             f"{result['mbps']:.0f} Mb/s, {count(result['flows'], 'flow')}, "
                             f"{share(parts)}",
                             f">= {MIN_FLOWS} flows, each cable >= {100 * least:.0f} %",
                             result["flows"] >= MIN_FLOWS and lesser >= least,
                             mbps=round(result["mbps"]), bytes=parts)

    def pulled_cable(self):
        lab, report = self.lab, self.report
        report.title("LACP: cable 1 is pulled, and plugged in again")
        streams = self.running_streams()
        parts, _ = self.sent_by("left", lambda: time.sleep(0.5))
        report.say(f"{len(streams.streams)} ping streams, one ping every 10 ms each; laggd sends "
                   f"{share(parts)}")
        pulled = time.time()
        lab.cables[0].pull()
        report.say("cable 1 pulled: no carrier on p1 and r1")
        watch({"laggd": lambda: lab.laggd.distributing() == ["p2"],
                      "Open vSwitch": lambda: lab.ovs.enabled_members() == ["r2"]}, 5,
                     lambda name, seconds: report.say(f"noticed by {name} after {ms(seconds)}"))
        time.sleep(1)
        plugged = time.time()
        lab.cables[0].plug()
        report.say("cable 1 plugged in")
        took = watch(self.lacp_up(), 15)
        report.say(f"both cables carry again {max(took.values()):.2f} s later")
        time.sleep(1)
        ended = time.time()
        streams.stop()
        report.check("lacp", "cable 1 carried pings before the pull", share(parts), "> 0 %",
                     parts[0] > 0)
        self.check_outage("lacp", "ping outage, cable pulled", streams, pulled, plugged)
        self.check_outage("lacp", "ping outage, cable plugged in", streams, plugged, ended)
        self.check_duplicates("lacp", streams)

    def silent_break(self):
        lab, report = self.lab, self.report
        report.title("LACP: cable 2 breaks silently, and heals")
        streams = self.running_streams()
        before = lab.network.carried()
        time.sleep(0.5)
        after = lab.network.carried()
        report.say(f"laggd sends {share(carried_between(before, after, 'left'))}, Open vSwitch "
                   f"{share(carried_between(before, after, 'right'))} (it moves flows back slowly)")
        broken = time.time()
        lab.cables[1].break_silently()
        report.say("cable 2 swallows everything; its carrier stays")
        took = watch({"laggd": lambda: lab.laggd.distributing() == ["p1"],
                      "Open vSwitch": lambda: lab.ovs.enabled_members() == ["r1"]}, 10,
                     lambda name, seconds: report.say(f"noticed by {name} after {ms(seconds)}"))
        carrier = lab.lagg_side.carrier("p2")
        time.sleep(1)
        healed = time.time()
        lab.cables[1].heal()
        report.say("cable 2 healed")
        again = watch(self.lacp_up(), 15)
        report.say(f"both cables carry again {max(again.values()):.2f} s later")
        time.sleep(1)
        ended = time.time()
        streams.stop()
        report.check("lacp", "silent break noticed by LACP", f"{took['laggd']:.2f} s, carrier "
                     f"{'present' if carrier else 'lost'}",
                     f"<= {SILENT_LIMIT:g} s, carrier present",
                     took["laggd"] <= SILENT_LIMIT and carrier, seconds=round(took["laggd"], 3))
        self.check_outage("lacp", "ping outage, silent break", streams, broken, healed,
                          SILENT_LIMIT + OUTAGE_LIMIT)
        self.check_outage("lacp", "ping outage, cable healed", streams, healed, ended)
        self.check_duplicates("lacp", streams)

    # --- the other protocols ----------------------------------------------------------------------

    def change_to(self, protocol):
        """Rewrites the configuration, reloads laggd, and changes the partner to what fits."""
        lab, report = self.lab, self.report
        report.title(f"{protocol}, opposite {PARTNERS[protocol]}")
        if protocol in ("failover", "broadcast"):
            lab.ovs.partner_active_backup(PARTNER_PORTS)
        else:
            lab.ovs.partner_static(PARTNER_PORTS, HOST_PORT)
        self.reload(protocol=protocol, mtu=1500, aliases=ALIASES, hash="layer3+4")

    def reload(self, **lagg):
        """Gives laggd another configuration; starts it if it does not run."""
        self.lab.laggd.write_config(**lagg)
        self.changed = time.monotonic()
        running = self.lab.laggd.program is not None
        if running:
            self.lab.laggd.reload()
        else:
            self.lab.laggd.start()
        self.report.say(f"lagg.toml says protocol = \"{lagg['protocol']}\"; "
                        + ("SIGHUP" if running else "laggd starts"))
        wait_for(f"laggd in protocol {lagg['protocol']}",
                 lambda: (self.lab.laggd.lagg() or {}).get("protocol") == lagg["protocol"], 5)

    def answers_again(self, protocol):
        wait_for("pings in both families", self.answered, 10)
        took = time.monotonic() - self.changed
        self.report.check(protocol, "IPv4 and IPv6 answer from both ends",
                          f"{took:.2f} s after the change", "all", True, seconds=round(took, 3))

    def tcp_of(self, protocol, *judges, flows=FLOWS, least=MIN_FLOWS):
        """One second of TCP each way. A judge is whether what laggd sent on the two cables fits,
        and the words for it; the last one judges the ACKs of what laggd receives."""
        lab = self.lab
        for family, address, backwards in (("IPv4", HOST4[0], False), ("IPv6", HOST6[0], True)):
            fits, target = judges[-1 if backwards else 0]
            parts, result = self.sent_by("left", lambda: traffic.tcp(
                lab.lagg_side, address, flows=flows, seconds=1, backwards=backwards))
            way = "to laggd" if backwards else "from laggd"
            self.report.check(protocol, f"{family} TCP {way}; laggd's frames on the cables",
                              f"{result['mbps']:.0f} Mb/s, {count(result['flows'], 'flow')}, "
                              f"{share(parts)}", f">= {count(least, 'flow')}, {target}",
                              result["flows"] >= least and fits(parts),
                              mbps=round(result["mbps"]), packets=parts)

    def pull_of(self, protocol, cable, limit=OUTAGE_LIMIT):
        """Pulls a cable for a second, and plugs it in again."""
        report, number = self.report, cable.number
        streams = self.running_streams()
        pulled = time.time()
        cable.pull()
        report.say(f"cable {number} pulled")
        time.sleep(1)
        parts, _ = self.sent_by("left", lambda: time.sleep(0.3))
        report.say(f"laggd sends {share(parts)}")
        plugged = time.time()
        cable.plug()
        report.say(f"cable {number} plugged in")
        time.sleep(1)
        ended = time.time()
        after, _ = self.sent_by("left", lambda: time.sleep(0.3))
        report.say(f"laggd sends {share(after)}")
        streams.stop()
        self.check_outage(protocol, f"ping outage, cable {number} pulled", streams, pulled,
                          plugged, limit)
        self.check_outage(protocol, f"ping outage, cable {number} plugged in", streams, plugged,
                          ended)
        return streams, (plugged, ended), after

    def failover(self):
        self.change_to("failover")
        self.answers_again("failover")
        self.tcp_of("failover",
                    (lambda parts: parts[0] > 0 and parts[1] == 0, "all on cable 1"))
        streams, _, after = self.pull_of("failover", self.lab.cables[0])
        self.report.check("failover", "back on the first port afterwards", share(after),
                          "100 % / 0 %", after[0] > 0 and after[1] == 0)
        self.check_duplicates("failover", streams)

    def loadbalance(self):
        self.change_to("loadbalance")
        self.answers_again("loadbalance")
        self.tcp_of("loadbalance",
                    (lambda parts: min(parts) >= MIN_SHARE * sum(parts),
                     f"each cable >= {100 * MIN_SHARE:.0f} %"),
                    (lambda parts: min(parts) >= MIN_ACKS, f"each cable >= {MIN_ACKS} ACKs"))
        streams, _, _ = self.pull_of("loadbalance", self.lab.cables[0])
        self.check_duplicates("loadbalance", streams)

    def roundrobin(self):
        self.change_to("roundrobin")
        self.answers_again("roundrobin")
        self.tcp_of("roundrobin",
                    (lambda parts: abs(parts[0] - parts[1]) <= 0.02 * sum(parts),
                     "50 % / 50 % within 1 %"), flows=1, least=1)
        streams, _, _ = self.pull_of("roundrobin", self.lab.cables[0])
        self.check_duplicates("roundrobin", streams)

    def broadcast(self):
        self.change_to("broadcast")
        self.answers_again("broadcast")
        self.tcp_of("broadcast",
                    (lambda parts: abs(parts[0] - parts[1]) <= 0.02 * sum(parts),
                     "every frame on both cables"))
        streams, returned, _ = self.pull_of("broadcast", self.lab.cables[0])
        # Open vSwitch lets both copies through for a moment while it changes its active port back.
        self.check_duplicates("broadcast", streams, spared=returned)

    def nothing(self):
        lab, report = self.lab, self.report
        self.change_to("none")
        lab.laggd.wait_distributing([], 5)
        sent, answers = self.sent_by("left", lambda: traffic.answers(lab.lagg_side, HOST4[1], 5)
                                     + traffic.answers(lab.host, LAGG6, 5))
        report.check("none", "nothing passes", f"{answers} of 10 pings, {sum(sent)} frames sent",
                     "0 pings, 0 frames", answers == 0 and sum(sent) == 0)
        addresses = lab.lagg_side.run(["ip", "-o", "addr", "show", "dev", "lagg0"])
        kept = sum(alias in addresses for alias in ALIASES)
        report.check("none", "lagg0 and its addresses stay", f"{kept} of {len(ALIASES)} addresses",
                     "all", kept == len(ALIASES))

    # --- the end ----------------------------------------------------------------------------------

    def lacp_again(self):
        lab, report = self.lab, self.report
        report.title("LACP again")
        lab.ovs.partner_lacp(PARTNER_PORTS)
        self.reload(protocol="lacp", mtu=1500, aliases=ALIASES, hash="layer3+4",
                    lacp={"rate": "fast"})
        took = max(watch(self.lacp_up(), 20).values())
        report.check("lacp", "up again after the change", f"{took:.2f} s", f"<= {UP_LIMIT:g} s",
                     took <= UP_LIMIT, seconds=round(took, 3))
        self.answers_again("lacp")

    def stop(self):
        self.report.title("The end")
        begun = time.monotonic()
        code = self.lab.laggd.stop()
        self.report.check("laggd", "stops on SIGTERM", f"exit code {code} after "
                          f"{time.monotonic() - begun:.2f} s", "exit code 0", code == 0)

    def play(self, stop=True):
        """All acts; one that fails is booked, and the play goes on as long as laggd runs."""
        acts = [self.negotiate, self.tcp, self.pulled_cable, self.silent_break, self.failover,
                self.loadbalance, self.roundrobin, self.broadcast, self.nothing, self.lacp_again]
        for act in acts + ([self.stop] if stop else []):
            try:
                act()
            except LabError as error:
                first, _, rest = str(error).partition("\n")
                self.report.check(act.__name__, "the act was played to its end", first, "yes",
                                  False)
                self.report.show(rest)
                self.mend()
                program = self.lab.laggd.program
                if program is None or not program.alive:
                    return
        self.report.complete = True

    def mend(self):
        """Cables as they were, whatever an act that failed left behind."""
        for cable in self.lab.cables:
            cable.heal()
            cable.plug()
