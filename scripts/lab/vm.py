"""A guest with a kernel of its own, under QEMU in software emulation; no virtualization is needed.

Commands run in it one at a time, over a serial port: a line goes in, and what the command printed
comes back up to a line that ends it. The kernel's own messages go to another serial port, into a
file.
"""

import itertools
import json
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from .command import LabError, Program, wait_for

NEEDED = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio"}
COMMAND_LIMIT = 10  # seconds
# A shell that takes commands from the second serial port until the guest is killed. The end of an
# answer is a line that no command prints by chance, with the command's number and exit code.
COMMANDS = """\
exec < /dev/ttyS1 > /dev/ttyS1 2>&1
stty raw -echo
echo "@@end 0 0"
while read -r number line; do
    eval "$line" < /dev/null
    echo "@@end $number $?"
done
"""
# /init: modules, then commands.
INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod /modules/$module; done
ip link set lo up
for each in all default; do
    echo 0 > /proc/sys/net/ipv6/conf/$each/accept_dad
    echo 0 > /proc/sys/net/ipv6/conf/$each/accept_ra
done
""" + COMMANDS
END = re.compile(r"@@end (\d+) (\d+)$")


def missing():
    """Debian packages of the programs that are not here."""
    return sorted(package for program, package in NEEDED.items() if shutil.which(program) is None)


class VirtualMachine:
    """What every guest has. A class of guests says what else there is: its hardware, and in which
    namespace QEMU runs. Whatever is written goes to `directory`."""

    BOOT_LIMIT = 60          # seconds; an idle machine takes 3
    MEMORY = "192M"
    MACHINE = ["-machine", "pc,accel=tcg"]
    KERNEL_WORDS = "console=ttyS0 quiet panic=-1 mitigations=off"
    MODULES = ["virtio_pci", "virtio_net"]
    REBOOTS = False          # a kernel that restarts, for instance in its panic, ends QEMU

    def __init__(self, directory, kernel):
        self.directory = Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.kernel = kernel
        self.program = self._serial = self._monitor = None
        self._numbers = itertools.count(1)

    def hardware(self):
        """Arguments of QEMU for everything but the machine itself."""
        return []

    def around(self, argv):
        """The command line that runs QEMU's where it has to run."""
        return argv

    # --- life -------------------------------------------------------------------------------------

    def boot(self):
        """What is booted: (kernel, initramfs, the kernel's command line)."""
        return self.kernel.image, self._initramfs(), self.KERNEL_WORDS

    def start(self):
        """Returns when the guest takes commands."""
        argv = self._argv(*self.boot())
        for socket_file in ("serial.sock", "monitor.sock"):
            (self.directory / socket_file).unlink(missing_ok=True)
        self.program = Program("qemu", self.around(argv), self.directory / "qemu.out")
        self._monitor = self._connect("monitor.sock")
        self._monitor.makefile().readline()  # its greeting
        self.ask_monitor("qmp_capabilities")
        self._serial = self._connect("serial.sock")
        self.ask_monitor("cont")
        self._answer(0, self.BOOT_LIMIT)

    def stop(self):
        """Ends it as a power cut does: the guest says goodbye to nobody."""
        for link in (self._serial, self._monitor):
            if link is not None:
                link.close()
        self._serial = self._monitor = None
        if self.program is not None:
            self.program.stop(signal.SIGKILL)
            self.program = None

    def _argv(self, image, initramfs, words):
        # Before others: the guest's clocks have to keep time whatever else the machine does.
        return ["nice", "-n", "-15", "qemu-system-x86_64", *self.MACHINE,
                "-m", self.MEMORY, "-nodefaults", "-display", "none", "-S",
                *([] if self.REBOOTS else ["-no-reboot"]),
                "-kernel", str(image), "-initrd", str(initramfs), "-append", words,
                "-serial", f"file:{self.directory}/console.out",
                "-serial", f"unix:{self.directory}/serial.sock,server=on,wait=off",
                "-qmp", f"unix:{self.directory}/monitor.sock,server=on,wait=off",
                *self.hardware()]

    def _initramfs(self):
        """busybox, the modules and /init, in an archive."""
        root = self.directory / "initramfs"
        shutil.rmtree(root, ignore_errors=True)
        for name in ("bin", "modules", "proc", "sys", "dev"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin")
        modules = self.kernel.modules(self.MODULES)
        for module in modules:
            shutil.copy(module, root / "modules")
        (root / "modules" / "order").write_text(
            "".join(f"{module.name}\n" for module in modules))
        init = root / "init"
        init.write_text(INIT)
        init.chmod(0o755)
        archive = self.directory / "initramfs.cpio"
        names = "\0".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        with open(archive, "wb") as sink:
            subprocess.run(["cpio", "--null", "--create", "--quiet", "--format=newc"], cwd=root,
                           input=names.encode(), stdout=sink, check=True, timeout=30)
        return archive

    def _connect(self, name):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(COMMAND_LIMIT)

        def connected():
            self.program.must_live()
            try:
                link.connect(str(self.directory / name))
                return True
            except OSError:
                return False

        wait_for(f"QEMU's {name}", connected, 20)
        return link

    # --- commands ---------------------------------------------------------------------------------

    def run(self, command, timeout=COMMAND_LIMIT, check=True):
        """What a shell command printed in the guest, errors included; LabError when it fails or
        takes too long. The command is one line."""
        code, text = self.run_aloud(command, timeout)
        if check and code != 0:
            raise LabError(f"in the guest: {command}: exit code {code}: {text.strip()[-800:]}")
        return text

    def run_aloud(self, command, timeout, hear=None):
        """(exit code, what it printed) of a shell command in the guest, whether it fails or not.
        `hear(line)` is called for each line when it is printed. LabError when the command takes
        too long."""
        number = next(self._numbers)
        self._serial.sendall(f"{number} {command}\n".encode())
        return self._answer(number, timeout, hear or (lambda line: None))

    def _answer(self, number, timeout, hear=lambda line: None):
        """(exit code, text) of the command with that number. What late answers of commands that
        were given up left behind is thrown away."""
        deadline = time.monotonic() + timeout
        text, unfinished = "", ""
        while True:
            self._serial.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                piece = self._serial.recv(65536)
            except TimeoutError:
                piece = b""
            if not piece:
                self.program.must_live()
                raise LabError(f"the guest gave no answer within {timeout:g} s; its kernel said:\n"
                               + self.said())
            unfinished += piece.decode(errors="replace").replace("\r", "")
            *lines, unfinished = unfinished.split("\n")
            for line in lines:
                if not (match := END.search(line)):
                    text += line + "\n"
                    hear(line)
                    continue
                # The end of a command stands behind its last line where that has no end of its own.
                if int(match[1]) == number:
                    return int(match[2]), text + line[:match.start()]
                text = ""

    def said(self, lines=12):
        """The kernel's last messages."""
        text = (self.directory / "console.out").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    # --- monitor ----------------------------------------------------------------------------------

    def ask_monitor(self, verb, **arguments):
        """What QEMU's monitor answers; LabError when it refuses."""
        self._monitor.sendall(json.dumps({"execute": verb, "arguments": arguments}).encode())
        text = ""
        while not text.endswith("\n") or not re.search(r'^\{"(return|error)', text, re.M):
            piece = self._monitor.recv(65536).decode()
            if not piece:
                raise LabError(f"QEMU gave no answer to {verb}")
            text += piece
        if '{"error' in text:
            raise LabError(f"QEMU, {verb}: {text.strip()}")


class Nic:
    """A NIC of the guest behind the TAP `tap`, which exists in the namespace QEMU runs in."""

    def __init__(self, tap, mac, speed_mbps=10000):
        self.tap = tap
        self.mac = mac
        self.speed_mbps = speed_mbps


class CabledMachine(VirtualMachine):
    """A guest whose NICs are TAPs of the laboratory: `namespace` has the TAPs, and the guest sees
    `nics` as eth0, eth1, ..."""

    def __init__(self, namespace, directory, kernel, nics):
        super().__init__(directory, kernel)
        self.namespace = namespace
        self.nics = nics

    def around(self, argv):
        return self.namespace.argv(argv)

    def hardware(self):
        argv = []
        for number, nic in enumerate(self.nics):
            # Without vnet_hdr the guest sends whole frames with checksums, as a cable has them.
            argv += ["-netdev", f"tap,id=tap{number},ifname={nic.tap},script=no,downscript=no,"
                     "vnet_hdr=off",
                     "-device", f"virtio-net-pci,id=nic{number},netdev=tap{number},mac={nic.mac},"
                     f"speed={nic.speed_mbps},duplex=full,romfile="]
        return argv

    def set_link(self, number, up):
        """Whether the guest sees a carrier on a NIC."""
        self.ask_monitor("set_link", name=f"nic{number}", up=up)
