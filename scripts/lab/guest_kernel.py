"""A kernel for a guest: Debian's own, out of its package, with the modules that the guest needs.

This machine's kernel need not have the bonding driver, and the tests load no modules into it. The
package is fetched once; what a guest needs of it stays in build/vm/ (some 10 MB).
"""

import io
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from .command import LabError, run

CACHE = Path(__file__).resolve().parents[2] / "build" / "vm"
META_PACKAGE = "linux-image-amd64"
# Loaded in this order, those that they depend on before them.
WANTED = ["virtio_pci", "virtio_net", "bonding"]
DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
FETCH_LIMIT, UNPACK_LIMIT = 300, 120  # seconds


class GuestKernel:
    """`image`: the file to boot; `modules`: files in the order of loading."""

    def __init__(self, directory):
        self.image = directory / "vmlinuz"
        self.modules = [directory / f"{name}.ko" for name in
                        (directory / "modules").read_text().split()]


def guest_kernel():
    """The kernel, fetched unless it is there. LabError says why it cannot be had."""
    if platform.machine() != "x86_64":
        raise LabError(f"there is no guest kernel for a {platform.machine()}, only for an x86_64")
    if not (CACHE / "modules").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        # Under another name until it is complete: what is at its place is whole.
        with tempfile.TemporaryDirectory(dir=CACHE) as directory:
            _fetch(Path(directory))
    return GuestKernel(CACHE)


def _fetch(directory):
    depends = run(["apt-cache", "depends", META_PACKAGE], timeout=60)
    if not (match := re.search(r"Depends: (linux-image-\S+)", depends)):
        raise LabError(f"apt knows no kernel package behind {META_PACKAGE}; run apt-get update")
    try:
        subprocess.run(["apt-get", "-q", "download", match[1]], cwd=directory, check=True,
                       capture_output=True, text=True, timeout=FETCH_LIMIT)
    except subprocess.TimeoutExpired as late:
        raise LabError(f"{match[1]} was not fetched within {FETCH_LIMIT} s") from late
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        raise LabError(f"{match[1]} could not be fetched: {said}") from error
    package = next(directory.glob("*.deb"))
    _unpack(package, directory)
    order = _in_order(directory)
    for path in [directory / "vmlinuz", *(directory / f"{name}.ko" for name in order)]:
        shutil.move(path, CACHE / path.name)
    (directory / "modules").write_text("\n".join(order) + "\n")
    shutil.move(directory / "modules", CACHE / "modules")


def _unpack(package, directory):
    """The kernel and every network or virtio module of the package, into `directory`."""
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True,
                              check=True, timeout=UNPACK_LIMIT).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        for member in archive:
            name = Path(member.name).name
            if name.startswith("vmlinuz-"):
                target = directory / "vmlinuz"
            elif re.search(r"/(net|virtio)/.*\.ko$", member.name):
                target = directory / name
            else:
                continue
            target.write_bytes(archive.extractfile(member).read())


def _in_order(directory):
    """Names of the wanted modules, each after those it depends on; built-in ones have no file."""
    order = []

    def add(name):
        path = directory / f"{name}.ko"
        if name in order or not path.exists():
            return
        if match := DEPENDS.search(path.read_bytes()):
            for other in filter(None, match[1].decode().split(",")):
                add(other)
        order.append(name)

    for name in WANTED:
        add(name)
    return order
