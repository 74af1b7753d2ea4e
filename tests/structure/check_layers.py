#!/usr/bin/env python3
"""Checks what the compiler cannot see: which box may include which, where DPDK may appear, that no
two headers are namesakes, that a protocol is named in its table only, that every file says why it
exists, and that every test is built.

Usage: check_layers.py REPOSITORY
"""
import pathlib
import re
import sys

# Folders of ours that the files of a folder may include, besides their own. The longest prefix
# counts.
ALLOWED = {
    "lacp": [],
    "dataplane/base": [],
    "dataplane/files": ["dataplane/base"],
    "dataplane/frame": ["dataplane/base"],
    "dataplane/distribute": ["dataplane/base", "dataplane/frame"],
    "dataplane/bpf": ["dataplane/base", "dataplane/files", "dataplane/frame",
                      "dataplane/distribute"],
    "dataplane/port": ["dataplane/base", "dataplane/files"],
    "dataplane/upper": ["dataplane/base", "dataplane/files", "dataplane/port"],
    "dataplane/worker": ["dataplane"],
    "control/threads": [],
    "control/config": ["dataplane/base", "dataplane/files", "dataplane/distribute/policy.hh",
                       "dataplane/distribute/policy_text.hh", "lacp/types.hh"],
    "control/kernel": ["dataplane/base", "dataplane/files", "control/config"],
    "control/host": ["dataplane/base", "dataplane/port/pool_size.hh", "control/config",
                     "control/kernel"],
    "control/api": ["dataplane/base", "control/threads", "control/config/protocol.hh",
                    "lacp/port_counters.hh"],
    "control/recording": ["dataplane/base", "dataplane/files", "lacp"],
    "control/aggregation": ["lacp", "dataplane", "control/config", "control/kernel",
                            "control/recording", "control/threads", "control/api/snapshot.hh",
                            "control/api/states.hh"],
    "laggd": ["lacp", "dataplane", "control"],
    "laggctl": ["dataplane/base", "dataplane/files", "control/api", "control/config",
                "control/host"],
    "lagglab/sim": ["lacp"],
    "lagglab": ["lacp", "dataplane/base", "dataplane/bpf", "dataplane/distribute",
                "dataplane/files", "dataplane/frame", "control/recording"],
}
PRODUCT = ["lacp", "dataplane", "control", "laggd", "laggctl", "lagglab"]
# Headers of one name: the core is a library by itself and shares nothing with the dataplane.
NAMESAKES = {"bytes.hh"}
# The table of protocols.
PROTOCOLS = "control/config/protocol.hh"
# Boxes that know no protocol, and have other things of the same words: tcpdump's "broadcast".
DATAPLANE_WORDS = {"dataplane/bpf"}
# Parts of the API that the client may have: structs and their JSON, never the server.
API_STRUCTS = {"control/api/" + name
               for name in ("snapshot.hh", "json.hh", "nearest.hh", "fields.hh",
                            "port_switches.hh", "states.hh", "words.hh")}
# Who may include headers of libraries, by the header's prefix. Where no pattern fits anybody may.
LIBRARIES = {
    r"rte_": ["dataplane/port", "dataplane/upper", "dataplane/worker", "dataplane/bpf",
              "laggd", "control/aggregation"],
    r"bpf/|xdp/": ["dataplane/bpf", "laggd"],
    r"pcap/": ["dataplane/bpf"],
    r"netlink/": ["control/kernel"],
    r"event2/": ["control/api", "laggd"],
    r"toml\+\+/|toml": ["control/config"],
    r"nlohmann/": ["control/api", "control/config", "laggctl", "laggd",
                   "control/recording"],
    r"CLI/": ["laggctl", "laggd", "lagglab"],
    r"spdlog/": ["control/aggregation", "laggd"],
    r"systemd/": ["laggd"],
    r"curl/": ["laggctl"],
}
# Only the standard library and ourselves.
PURE = ["lacp", "dataplane/base", "dataplane/frame", "dataplane/distribute"]

# Names for vector instructions.
COMPILERS_OWN = ["immintrin.h"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def sources(root, *folders):
    for folder in folders:
        for suffix in ("*.cc", "*.hh", "*.h", "*.c"):
            yield from sorted((root / folder).rglob(suffix))


def box_of(path):
    fitting = [box for box in ALLOWED if path == box or path.startswith(box + "/")]
    return max(fitting, key=len, default=None)


def may_include(box, header):
    if header.startswith(box + "/"):
        return True
    if box == "laggctl" and header.startswith("control/api/"):
        return header in API_STRUCTS
    return any(header == allowed or header.startswith(allowed + "/") for allowed in ALLOWED[box])


def check_include(box, path, quote, header, root):
    """Yields what is wrong with one #include."""
    if quote == '"':
        if not (root / header).is_file():
            yield (f'{path}: "{header}" is no file; every include names its folder from the '
                   'repository on')
        elif box is None:
            yield f"{path}: in no box that this check knows; add it to ALLOWED"
        elif not may_include(box, header):
            yield f'{path}: {box}/ must not see "{header}"'
        return
    for pattern, users in LIBRARIES.items():
        if re.match(pattern, header) and box not in users:
            yield f"{path}: {box}/ must not use <{header}>"
    if box in PURE and header not in COMPILERS_OWN and ("/" in header or header.endswith(".h")):
        yield f"{path}: {box}/ uses nothing but the standard library, and includes <{header}>"


def check_includes(root):
    for file in sources(root, *PRODUCT):
        path = str(file.relative_to(root))
        for quote, header in INCLUDE.findall(file.read_text()):
            yield from check_include(box_of(path), path, quote, header, root)
    for file in sources(root, "tests", "bench"):
        for quote, header in INCLUDE.findall(file.read_text()):
            if quote == '"' and not (root / header).is_file():
                yield (f'{file.relative_to(root)}: "{header}" is no file; every include names its '
                       'folder')


def reason_of(text):
    """The first line that is no shebang."""
    return next((line for line in text.splitlines() if line.strip() and not line.startswith("#!")),
                "")


def check_openings(root):
    """Headers, and sources without a header to speak for them, open with a comment."""
    for file in sources(root, *PRODUCT, "tests", "bench"):
        if file.suffix == ".cc" and file.with_suffix(".hh").exists():
            continue
        if not reason_of(file.read_text()).startswith(("//", "/*")):
            yield f"{file.relative_to(root)}: does not open with a comment that says why it exists"
    for file in sorted((root / "tests").rglob("*.py")):
        if not reason_of(file.read_text()).startswith(('"""', "#")):
            yield f"{file.relative_to(root)}: does not open with a docstring or a comment"


def check_built(root):
    """A source that no meson.build names is not compiled, and a test not built does not fail."""
    for file in sources(root, *PRODUCT, "tests", "bench"):
        if file.suffix not in (".cc", ".c"):
            continue
        # A meson.build further up may name it by its path.
        folders = [folder for folder in file.parents if root in (folder, *folder.parents)]
        named = any(f"'{file.relative_to(folder)}'" in (folder / "meson.build").read_text()
                    for folder in folders if (folder / "meson.build").is_file())
        if not named:
            yield f"{file.relative_to(root)}: no meson.build names it"


def check_names(root):
    """One name for one thing: who looks for a header finds one."""
    places = {}
    for file in sources(root, *PRODUCT):
        if file.suffix == ".hh":
            places.setdefault(file.name, []).append(str(file.relative_to(root)))
    for name, paths in places.items():
        if len(paths) > 1 and name not in NAMESAKES:
            yield f"{' and '.join(paths)} have one name"


def check_protocols(root):
    """What a protocol is like stands in its row. LACP has machines, which somebody has to run."""
    table = (root / PROTOCOLS).read_text()
    names = set(re.findall(r"\{Protocol::(\w+), ", table)) - {"LACP"}
    words = "|".join(name.lower() for name in names - {"NONE", "UNKNOWN"})
    named = re.compile(rf"\bProtocol::(?:{'|'.join(sorted(names))})\b")
    spelt = re.compile(rf'(?<!\\)"(?:{words})"')
    for file in sources(root, *PRODUCT):
        path = str(file.relative_to(root))
        if path == PROTOCOLS:
            continue
        text = file.read_text()
        found = named.findall(text)
        if box_of(path) not in DATAPLANE_WORDS:
            found += spelt.findall(text)
        for name in found:
            yield f"{path}: {name} is named outside {PROTOCOLS}; ask for a property of its row"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    mistakes = [*check_includes(root), *check_names(root), *check_protocols(root),
                *check_openings(root), *check_built(root)]
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
