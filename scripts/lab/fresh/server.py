"""The server in a virtual machine: two ports of one NIC, cabled to a switch of the laboratory, and
Debian on a disk, booted as Debian boots."""

import base64

from ..command import LabError
from ..vm import VirtualMachine
from .disk import SOURCE

# Where README's two NICs are: behind the third port of the root bus.
NICS = ("0000:03:00.0", "0000:03:00.1")
BUSES = 3
STEP_LIMIT = 180     # seconds, for what takes moments outside an emulation
SHUTDOWN_LIMIT = 120


class FreshServer(VirtualMachine):
    """`taps`: the far ends of the two NICs in `namespace`. What is written to the disk is
    forgotten with the machine."""

    BOOT_LIMIT = 420
    MEMORY = "2G"
    MACHINE = ["-machine", "q35,kernel-irqchip=off,accel=tcg", "-cpu", "max,la57=off", "-smp", "2"]
    REBOOTS = True
    WORDS = "root=/dev/vda ro console=ttyS0 mitigations=off"

    def __init__(self, directory, disk, namespace, taps, iommu):
        super().__init__(directory, None)
        self.image, self.initramfs = disk.boot_files()
        self.disk = disk.image
        self.namespace = namespace
        self.taps = taps
        self.iommu = iommu

    def around(self, argv):
        return self.namespace.argv(argv)

    def boot(self):
        return self.image, self.initramfs, self.WORDS + (" intel_iommu=on iommu=pt"
                                                         if self.iommu else "")

    def hardware(self):
        argv = ["-drive", f"file={self.disk},format=raw,if=virtio,snapshot=on,cache=unsafe"]
        if self.iommu:
            argv += ["-device", "intel-iommu,intremap=on"]
        for bus in range(1, BUSES + 1):
            argv += ["-device", f"pcie-root-port,id=bus{bus},chassis={bus},addr={0x10 + bus:#x}"]
        for function, tap in enumerate(self.taps):
            argv += ["-netdev",
                     f"tap,id=tap{function},ifname={tap},script=no,downscript=no,vnet_hdr=off",
                     "-device", f"e1000e,id=nic{function},netdev=tap{function},bus=bus{BUSES},"
                     f"addr=0.{function},multifunction=on,"
                     f"mac=02:00:00:00:1b:{function:02x},romfile="]
        return argv

    def step(self, text, limit=STEP_LIMIT, codes=(0,)):
        """What a script printed that the user typed in the source; LabError unless it ended with
        one of those codes."""
        packed = base64.b64encode(text.encode()).decode()
        code, said = self.run_aloud(
            f"base64 -d <<< {packed} > ~/step; (cd {SOURCE}; bash -e -o pipefail ~/step)", limit)
        if code not in codes:
            raise LabError(f"exit code {code}: {said.strip()[-1500:]}")
        return said

    def reboot(self):
        """Returns when it takes commands again. The shell that is asked has to answer before it is
        ended."""
        self.run("sudo systemd-run --on-active=2 --timer-property=AccuracySec=100ms systemctl "
                 "reboot", STEP_LIMIT)
        self._answer(0, SHUTDOWN_LIMIT + self.BOOT_LIMIT)
