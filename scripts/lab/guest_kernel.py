"""A kernel for a guest: Debian's own, out of its package, with the modules that the guest needs.

This machine's kernel need not have the bonding driver, and the tests load no modules into it. The
package is fetched once; what guests need of it stays in build/vm/ (some 10 MB).
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
# Modules that some guest asks for, kept with all that they depend on.
WANTED = ["virtio_pci", "virtio_net", "bonding", "tun", "9p", "9pnet_virtio", "overlay", "vfio_pci",
          "vfio_iommu_type1", "e1000", "e1000e", "vmxnet3", "sch_multiq", "sch_ingress",
          "cls_flower",
          "act_skbedit"]
# Directories of the package that have them.
PLACES = re.compile(r"/(net|virtio|vfio|virt|9p|netfs|fscache|overlayfs)/.*\.ko$")
DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
# The file that is written last; it says for which modules the cache was made.
COMPLETE = "wanted"
FETCH_LIMIT, UNPACK_LIMIT = 120, 120  # seconds


class GuestKernel:
    """`image`: the file to boot."""

    def __init__(self, directory):
        self.directory = directory
        self.image = directory / "vmlinuz"

    def modules(self, wanted):
        """Files of those modules in the order of loading, each after those it depends on. What the
        kernel has built in has no file."""
        return [self.directory / f"{name}.ko" for name in _in_order(self.directory, wanted)]


def guest_kernel():
    """The kernel, fetched unless it is there. LabError says why it cannot be had."""
    if platform.machine() != "x86_64":
        raise LabError(f"there is no guest kernel for a {platform.machine()}, only for an x86_64")
    complete = CACHE / COMPLETE
    if not complete.exists() or complete.read_text().split() != WANTED:
        CACHE.mkdir(parents=True, exist_ok=True)
        # Under another name until it is complete: what is at its place is whole.
        with tempfile.TemporaryDirectory(dir=CACHE) as directory:
            _fetch(Path(directory))
    return GuestKernel(CACHE)


def _fetch(directory):
    """With the lists of packages that this machine has; with new ones of our own where these are
    missing or too old."""
    try:
        package = _download(directory, [])
    except LabError:
        (directory / "lists" / "partial").mkdir(parents=True)
        own = ["-o", f"Dir::State::lists={directory}/lists", "-o", "Dir::Cache::pkgcache=",
               "-o", "Dir::Cache::srcpkgcache="]
        try:
            run(["apt-get", *own, "update"], timeout=FETCH_LIMIT)
            package = _download(directory, own)
        except LabError as error:
            raise LabError("no kernel for a guest could be fetched: "
                           + str(error).splitlines()[-1]) from error
    _unpack(package, directory)
    (CACHE / COMPLETE).unlink(missing_ok=True)
    for name in ["vmlinuz", *(f"{name}.ko" for name in _in_order(directory, WANTED))]:
        shutil.move(directory / name, CACHE / name)
    (directory / COMPLETE).write_text("\n".join(WANTED) + "\n")
    shutil.move(directory / COMPLETE, CACHE / COMPLETE)


def _download(directory, options):
    """The file of the package that the meta package depends on."""
    depends = run(["apt-cache", *options, "depends", META_PACKAGE], timeout=60)
    if not (match := re.search(r"Depends: (linux-image-\S+)", depends)):
        raise LabError(f"apt knows no kernel package behind {META_PACKAGE}")
    run(["apt-get", "-q", *options, "download", match[1]], timeout=FETCH_LIMIT, cwd=directory)
    return next(directory.glob("*.deb"))


def _unpack(package, directory):
    """The kernel and every module at those places of the package, into `directory`. A file is named
    as the kernel names the module, with _ where the package has -."""
    unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True,
                              check=True, timeout=UNPACK_LIMIT).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        for member in archive:
            name = Path(member.name).name
            if member.isfile() and PLACES.search(member.name):
                target = directory / name.replace("-", "_")
            elif name.startswith("vmlinuz-"):
                target = directory / "vmlinuz"
            else:
                continue
            target.write_bytes(archive.extractfile(member).read())


def _in_order(directory, wanted):
    """Names of the wanted modules, each after those it depends on; built-in ones have no file."""
    order = []

    def add(name):
        path = directory / f"{name}.ko"
        if name in order or not path.exists():
            return
        if match := DEPENDS.search(path.read_bytes()):
            for other in filter(None, match[1].decode().split(",")):
                add(other.replace("-", "_"))
        order.append(name)

    for name in wanted:
        add(name)
    return order
