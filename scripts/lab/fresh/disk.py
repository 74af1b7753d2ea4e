"""The disk of the server: Debian 12 with its own kernel, a user who may use sudo, and the source
of laggd.

Debian is new each time, so that what a package of ours needs and does not name is missing there.
"""

import shlex
import shutil
import subprocess
import textwrap
from fnmatch import fnmatch
from pathlib import Path

from ..command import LabError, run
from ..vm import COMMANDS

ROOT = Path(__file__).resolve().parents[3]
NEEDED = {"debootstrap": "debootstrap", "mke2fs": "e2fsprogs", "unshare": "util-linux"}
RELEASE = "bookworm"
# Beyond what every Debian has: what a server has.
PACKAGES = ["systemd-sysv", "udev", "dbus", "sudo", "kmod", "iproute2", "iputils-ping", "procps",
            "ca-certificates", "initramfs-tools", "linux-image-amd64"]
USER = "admin"
HOME = f"/home/{USER}"
SOURCE = f"{HOME}/laggd"
# At the top of the source, what was made from it: build directories of every kind.
LEFT_OUT = (".git", "build*")
DISK_SIZE = "6G"  # of which what is empty takes no room
DEBIAN_LIMIT, STEP_LIMIT, DISK_LIMIT = 900, 1800, 300  # seconds

# A shell of the user on the second serial port, as vm.py expects one.
SHELL = "#!/bin/bash\ncd\n" + COMMANDS
SHELL_SERVICE = f"""\
[Unit]
Description=Commands from the second serial port
After=multi-user.target

[Service]
Type=simple
User={USER}
SupplementaryGroups=dialout
WorkingDirectory={HOME}
ExecStart=/usr/local/sbin/lab-shell

[Install]
WantedBy=graphical.target multi-user.target
"""
# No service of a package begins in the chroot; taken away again before the disk is made.
POLICY = "usr/sbin/policy-rc.d"


def left_out(directory, names):
    """Those in a directory of the source that the server does not get."""
    patterns = ("__pycache__", *(LEFT_OUT if Path(directory) == ROOT else ()))
    return [name for name in names if any(fnmatch(name, pattern) for pattern in patterns)]


class Disk:
    """`directory`: where Debian and then the disk are made; `say` is told what happens."""

    def __init__(self, directory, say):
        self.root = Path(directory) / "debian"
        self.image = Path(directory) / "disk.img"
        self._say = say

    def make_debian(self):
        self._say(f"debootstrap {RELEASE}")
        run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", RELEASE,
             str(self.root)],
            DEBIAN_LIMIT)
        self.write(POLICY, "#!/bin/sh\nexit 101\n", 0o755)
        self.write("etc/fstab", "/dev/vda / ext4 defaults 0 1\n")
        self.write("etc/hostname", "server\n")
        self.write("etc/hosts", "127.0.0.1 localhost server\n")
        run(["chroot", str(self.root), "useradd", "--create-home", "--shell", "/bin/bash",
             "--groups", "sudo", USER])
        self.write(f"etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        self.write("usr/local/sbin/lab-shell", SHELL, 0o755)
        self.write("etc/systemd/system/lab-shell.service", SHELL_SERVICE)
        run(["chroot", str(self.root), "systemctl", "enable", "lab-shell"])
        shutil.copytree(ROOT, self.root / SOURCE[1:], symlinks=True,
                        ignore=left_out)
        run(["chroot", str(self.root), "chown", "-R", f"{USER}:", SOURCE])

    def write(self, path, text, mode=0o644):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def run(self, script):
        """A script of the user's shell in the source, with this machine's cores and network.
        LabError with its last words when it fails. Nothing stays mounted, and no process is
        left."""
        outer = textwrap.dedent("""\
            set -e
            mount -t proc proc "$1/proc"
            mount --rbind /dev "$1/dev"
            exec chroot "$1" su --login "$2" --command "$3"
            """)
        inner = f"cd {SOURCE} && bash -e -o pipefail -c {shlex.quote(script)}"
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                               outer, "sh", str(self.root), USER, inner],
                              capture_output=True, text=True, timeout=STEP_LIMIT,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise LabError(f"exit code {done.returncode}: "
                           f"{(done.stdout + done.stderr).strip()[-1500:]}")
        return done.stdout

    def boot_files(self):
        """The kernel and its initramfs, as the package installed them."""
        boot = self.root / "boot"
        return next(boot.glob("vmlinuz-*")), next(boot.glob("initrd.img-*"))

    def finish(self):
        """Makes the image of what is there."""
        self._say("the disk is made")
        (self.root / POLICY).unlink()
        run(["mke2fs", "-q", "-t", "ext4", "-d", str(self.root), str(self.image), DISK_SIZE],
            DISK_LIMIT)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
        self.image.unlink(missing_ok=True)


def missing():
    """Debian packages of the programs that are not here."""
    return sorted(package for program, package in NEEDED.items() if shutil.which(program) is None)
