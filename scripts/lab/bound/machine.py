"""The guest with bound NICs, seen from the host: an IOMMU, NICs, and the host's root file system.

The root is handed in read-only and lies below a layer in the guest's memory, so that what was built
on the host runs in the guest and may write whatever it wants. A second directory is shared for
writing: what a scenario leaves in it is there on the host.

What runs in the guest may ask QEMU's monitor for things, a pulled cable for instance, over a serial
port of its own; the host hands the question on. So all times are those of one clock, the guest's.
"""

import json
import os
import threading
from pathlib import Path

from ..command import LabError
from ..vm import VirtualMachine
from .cabling import CABLES

ROOT = Path(__file__).resolve().parents[3]
HUGE_PAGES = 192  # of 2 MiB
SHARE = "/mnt"    # of the guest's root
NINE_P = "trans=virtio,version=9p2000.L,msize=512000"
PREPARATION = [
    "mkdir -p /lower /layer /root",
    f"mount -t 9p -o ro,cache=loose,{NINE_P} host /lower",
    "mount -t tmpfs tmpfs /layer",
    "mkdir /layer/upper /layer/work",
    "mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work overlay /root",
    "mount -t proc proc /root/proc",
    "mount -t sysfs sysfs /root/sys",
    "mount -t devtmpfs dev /root/dev",
    "mkdir -p /root/dev/pts /root/dev/shm /root/dev/hugepages",
    "mount -t devpts devpts /root/dev/pts",
    *(f"mount -t tmpfs tmpfs /root/{name}" for name in ("dev/shm", "run")),
    f"echo {HUGE_PAGES} > /proc/sys/vm/nr_hugepages",
    "mount -t hugetlbfs nodev /root/dev/hugepages",
    f"mount -t 9p -o {NINE_P} share /root{SHARE}",
    "chroot /root ip link set lo up",
]
# By which net_tap leads frames to queues.
FLOW_MODULES = ["sch_multiq", "sch_ingress", "cls_flower", "act_skbedit"]
STEP_LIMIT = 60   # seconds for each of them
RUN_LIMIT = 5400  # for all scenarios of a boot


class BoundMachine(VirtualMachine):
    BOOT_LIMIT = 240
    MEMORY = "2G"
    # DPDK wants an IOMMU, and the IOMMU wants the interrupts remapped.
    MACHINE = ["-machine", "q35,kernel-irqchip=off,accel=tcg", "-cpu", "max,la57=off", "-smp", "2",
               "-device", "intel-iommu,intremap=on"]
    KERNEL_WORDS = VirtualMachine.KERNEL_WORDS + " intel_iommu=on iommu=pt"
    MODULES = ["virtio_pci", "virtio_net", "bonding", "tun", "9p", "9pnet_virtio", "overlay",
               "vfio_pci", "vfio_iommu_type1", *FLOW_MODULES]

    def __init__(self, directory, kernel):
        super().__init__(directory, kernel)
        self.share = self.directory / "share"
        self.share.mkdir(exist_ok=True)
        self._asking = None
        self._monitor_lock = threading.Lock()

    def hardware(self):
        return ["-serial", f"unix:{self.directory}/questions.sock,server=on,wait=off",
                "-fsdev", "local,id=host,path=/,security_model=none,multidevs=remap,readonly=on",
                "-device", "virtio-9p-pci,fsdev=host,mount_tag=host,addr=0x2",
                "-fsdev", f"local,id=share,path={self.share},security_model=none",
                "-device", "virtio-9p-pci,fsdev=share,mount_tag=share,addr=0x3",
                *(word for cable in CABLES for word in cable.hardware())]

    def start(self):
        (self.directory / "questions.sock").unlink(missing_ok=True)
        super().start()
        for step in PREPARATION:
            self.run(step, STEP_LIMIT)
        self._asking = self._connect("questions.sock")
        self._asking.settimeout(None)  # it ends with QEMU
        threading.Thread(target=self._hand_on, daemon=True).start()

    def inside(self, argv):
        """The command line, for run(), of a program in the host's root file system."""
        environment = {"PATH": os.defpath + ":/usr/local/sbin:/usr/sbin:/sbin", "HOME": "/root",
                       "PYTHONPATH": f"{ROOT}/scripts", "PYTHONDONTWRITEBYTECODE": "1"}
        words = ["chroot", "/root", "/usr/bin/env",
                 *(f"{name}={value}" for name, value in environment.items()), *argv]
        return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)

    def play(self, names, programs, cable_failover, pulls, seconds, hear, eal=()):
        """Runs scenarios; the exit code. `hear` is called with each line of what is said. Results are in the
        shared directory."""
        settings = self.share / "settings.json"
        settings.write_text(json.dumps({
            "scenarios": names, "eal": list(eal), "directory": SHARE, "laggd": str(programs.laggd),
            "laggctl": str(programs.laggctl), "cable_failover": str(cable_failover), "pulls": pulls,
            "seconds": seconds}))
        return self.run_aloud(
            self.inside(["python3", "-u", "-m", "lab.bound.inside", f"{SHARE}/{settings.name}"]),
            RUN_LIMIT, hear=hear)[0]

    def ask_monitor(self, verb, **arguments):
        with self._monitor_lock:
            return super().ask_monitor(verb, **arguments)

    def _hand_on(self):
        """Answers questions of the guest, a line of JSON each, until it ends."""
        try:
            with self._asking.makefile("rw") as link:
                for line in link:
                    link.write(json.dumps(self._answer_question(line)) + "\n")
                    link.flush()
        except OSError:
            pass  # QEMU was stopped

    def _answer_question(self, line):
        try:
            question = json.loads(line)
            self.ask_monitor(question["verb"], **question["arguments"])
            return {"ok": True}
        except (LabError, OSError, ValueError, KeyError) as error:
            return {"ok": False, "error": str(error)}
