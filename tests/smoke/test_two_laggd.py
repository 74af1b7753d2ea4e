"""Two laggd facing each other, which shows what needs two that agree: which ports stand by, and
what becomes of them when one in use fails and returns."""

from partner_test import PartnerTest
from partners import SecondLaggd
from smoke import main, traffic, wait_for

from lab.command import LabError, watch

LINKS = 4
MAX_LINKS = 2
# wait_while, and a LACPDU each way
STANDBY_LIMIT = 2.5
STAYS = 4  # seconds in which a port that returned does not take its place again
RESTORE = 4  # seconds
FIRST, SECOND = {"system_priority": 100}, {"system_priority": 200}


class Pair(PartnerTest):
    PARTNER = SecondLaggd
    CABLES = LINKS

    def test_up_broken_and_restarted(self):
        self.come_up(LINKS)
        self.pull_and_plug()
        self.silent_break()
        self.restart()

    def test_both_passive(self):
        self.stay_silent(2)


class Standby(PartnerTest):
    """Both sides use two of four links. The cables are crossed: our first port leads to the other
    side's last, so that it shows who chooses."""

    PARTNER = SecondLaggd
    CABLES = LINKS

    def limited(self, ours, theirs, **lacp):
        self.partner.bond(LINKS, True, True, backwards=True, max_links=MAX_LINKS, **theirs, **lacp)
        self.start(LINKS, max_links=MAX_LINKS, **ours, **lacp)

    def assert_used(self, numbers, limit):
        """Both ends use exactly these links and hold the others on standby; the time that took."""
        took = max(watch(self.both_on(numbers), limit).values())
        wait_for("the others on standby", lambda: self.standing_by() == [
            [n for n in range(LINKS) if n not in numbers]] * 2, 2)
        wait_for("a ping", lambda: traffic.answers(self.lab.lagg_side, "192.0.2.11", 1), 2)
        return took

    def standing_by(self):
        """Numbers of the links that stand by, as each side says; a pulled one does not count."""
        return [[number for number, port in
                 enumerate(sorted(daemon.lagg()["ports"], key=lambda port: port["name"]))
                 if port["lacp"]["machines"]["selected"] == "STANDBY" or not port["link_up"]]
                for daemon in (self.laggd, self.partner.daemon)]

    def test_the_other_side_chooses(self):
        self.limited(SECOND, FIRST)
        self.assert_used([2, 3], self.partner.UP_LIMIT)

    def test_revertive(self):
        self.limited(FIRST, SECOND, revertive=True)
        self.fail_over()
        self.tell(f"the first choice used again after {self.assert_used([0, 1], 5):.2f} s")

    def test_not_revertive(self):
        self.limited(FIRST, SECOND, revertive=False)
        self.fail_over()
        with self.assertRaises(LabError, msg="reverted"):
            wait_for("p1 in use again", lambda: "p1" in self.laggd.distributing(), STAYS)
        self.assert_used([1, 2], 1)

    def test_wait_to_restore(self):
        """A link that returned has to work for so long before it is used."""
        self.limited(FIRST, SECOND, wait_to_restore=RESTORE)
        self.fail_over()
        took = self.assert_used([0, 1], RESTORE + STANDBY_LIMIT)
        self.tell(f"the first choice used again after {took:.2f} s")
        self.assertGreaterEqual(took, RESTORE - 0.1, "not restored for long enough")

    def fail_over(self):
        """The first link is pulled, the third takes its place, the first is plugged in."""
        self.assert_used([0, 1], self.partner.UP_LIMIT)
        self.partner.pull(0)
        took = self.assert_used([1, 2], STANDBY_LIMIT)
        self.tell(f"standby in use {took:.2f} s after the pull")
        self.partner.plug(0)


if __name__ == "__main__":
    main()
