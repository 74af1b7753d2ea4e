"""README's path from a bare server to a lagg on two bound NICs, to the letter, opposite Open
vSwitch.

The first step, which builds and installs laggd, is done in the server's file system on this
machine's cores: a compiler under emulation takes an hour. Everything after it is done in the
server, typed by an ordinary user.
"""

from contextlib import contextmanager

from ..command import LabError, run, wait_for
from ..network import Network
from ..ovs import OpenVSwitch
from ..readme_path import commands, configuration
from ..traffic import answers
from .disk import Disk
from .server import NICS, FreshServer

UP_LIMIT = 60        # seconds, in which nobody helps
OURS, THEIRS = "192.0.2.1", "192.0.2.11"
HOST, TOWARDS_HOST = "h0", "hb"
GIVEN_BACK_LIMIT = 30
DOCTORS_CODES = (0, 8)  # 8: something is wrong
# Kinds of machine: the words of a part of the report, and whether there is an IOMMU.
MACHINES = {"IOMMU": True, "no IOMMU": False}


class Failed(LabError):
    """The rest of this part makes no sense; the reason is in the report."""


class Switch:
    """Open vSwitch with a host behind it, and two cables whose other ends are TAPs."""

    def __init__(self, directory, ident):
        self.network = Network(ident)
        self.side, self.host = (self.network.namespace(role) for role in ("partner", "host"))
        self.side.silence_new_interfaces()
        self.ports = ["r1", "r2"]
        self.cables = [self.network.cable((self.side, port)) for port in self.ports]
        self.network.veth((self.host, HOST), (self.side, TOWARDS_HOST))
        run(["ip", "-n", self.host.name, "addr", "add", f"{THEIRS}/24", "dev", HOST])
        self.ovs = OpenVSwitch(self.side, directory)

    @property
    def taps(self):
        return [cable.ends[1] for cable in self.cables]

    def start(self):
        self.ovs.start()
        self.ovs.add_host(TOWARDS_HOST)
        self.ovs.partner_lacp(self.ports)

    def in_use(self):
        """Whether LACP has each of the ports carry traffic."""
        return sorted(self.ovs.enabled_members()) == self.ports

    def stop(self):
        self.ovs.stop()
        self.network.remove()


def walk(report, directory, ident):
    """The whole of it: one Debian, and a server of each kind with it."""
    disk = Disk(directory, report.say)
    try:
        make(report, disk)
        for number, (words, iommu) in enumerate(MACHINES.items()):
            report.title(f"a server with {words}")
            follow(report, disk, directory / f"server{number}", f"{ident}x{number}", words, iommu)
        report.complete = True
    except Failed:
        pass
    finally:
        disk.remove()


def make(report, disk):
    """The disk, with laggd on it as README's first step leaves it."""
    disk.make_debian()
    first = next(commands(NICS))
    with _booked(report, "server", "built and installed", "as README says"):
        disk.run(first)
    disk.finish()


def follow(report, disk, directory, ident, words, iommu):
    """The other steps, on a server that has an IOMMU or not; `words` say so."""
    directory.mkdir()
    switch = Switch(directory / "ovs", ident)
    server = FreshServer(directory, disk, switch.network.namespace("wires"), switch.taps, iommu)
    _, *steps = commands(NICS, iommu)
    try:
        switch.start()
        _Walk(report, words, server, switch).all(steps)
    except Failed:
        pass
    finally:
        server.stop()
        switch.stop()


@contextmanager
def _booked(report, part, what, target):
    """A requirement that is met when nothing inside fails; else what comes after it is given up."""
    begun = report.elapsed()
    try:
        yield
    except LabError as error:
        first, *rest = str(error).splitlines()
        report.check(part, what, first, target, False)
        report.show("\n".join(rest))
        raise Failed(str(error)) from error
    report.check(part, what, f"after {report.elapsed() - begun:.0f} s", target, True)


class _Walk:
    """One server, from its first boot."""

    def __init__(self, report, part, server, switch):
        self.report, self.part, self.server, self.switch = report, part, server, switch

    def booked(self, what, target="exit code 0"):
        return _booked(self.report, self.part, what, target)

    def all(self, steps):
        with self.booked("the server boots", "a shell"):
            self.server.start()
        for step in steps:
            self._step(step)
        self._carries("after the last step")
        self._is_well()
        with self.booked("it boots again", "a shell"):
            self.server.reboot()
        self._carries("after a boot, untouched")
        self._gives_back()

    def _step(self, step):
        if "laggd --check" in step:
            self.server.step("sudo tee /etc/lagg/lagg.toml > /dev/null "
                             f"<<'END'\n{configuration(NICS)}END\n")
        if "laggctl drain" in step:
            self._carries("when laggd was started")
        name = step.splitlines()[0]
        if "laggctl doctor" in step:
            with self.booked(name, "it names what is missing"):
                said = self.server.step(step, codes=DOCTORS_CODES)
                self.report.show(said)
                for word in ("vm.nr_hugepages", *(f"driverctl set-override {nic}" for nic in NICS)):
                    if word not in said:
                        raise LabError(f"nothing of {word}")
            return
        with self.booked(name):
            self.report.show(self.server.step(step))

    def _carries(self, when):
        """Both ports, as both sides see it, and a ping."""
        with self.booked(f"LACP on both ports {when}", f"<= {UP_LIMIT} s"):
            wait_for("both ports in use at Open vSwitch", self.switch.in_use, UP_LIMIT, every=0.5)
            wait_for(f"a ping of {OURS}",
                     lambda: answers(self.switch.host, OURS, 1) == 1, UP_LIMIT, every=0.5)
        said = self.server.step("sudo laggctl show")
        self.report.check(self.part, f"laggctl {when}", said.splitlines()[1].strip(),
                          "UP, 2 of 2 ports", "UP, 2 of 2 ports" in said)

    def _is_well(self):
        with self.booked("laggctl doctor finds nothing wrong"):
            self.report.show(self.server.step("laggctl doctor"))

    def _gives_back(self):
        """As README says it is undone."""
        with self.booked("the NICs are given back", "interfaces of the kernel"):
            self.server.step("sudo systemctl disable --now laggd; sudo laggd --remove-interfaces\n"
                             + "".join(f"sudo driverctl unset-override {nic}\n" for nic in NICS))
            for nic in NICS:
                wait_for(f"an interface of {nic}", lambda nic=nic: self.server.step(
                    f"ls /sys/bus/pci/devices/{nic}/net || "
                    "true").strip(), GIVEN_BACK_LIMIT, every=1)
            if "lagg0" in self.server.step("ip -br link"):
                raise LabError("lagg0 is still there")
