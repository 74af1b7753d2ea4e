"""The daemon under test: its configuration file, its life, and what its API says."""

import http.client
import json
import os
import signal
import socket
from pathlib import Path

from .command import LabError, Program, last_lines, run, wait_for


def toml_value(value):
    """The TOML of a plain Python value; a dict becomes an inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"


def config_text(daemon, ports, laggs):
    """lagg.toml from dicts: one for [daemon], one each for every [[port]] and [[lagg]]."""
    def assignment(item):
        return f"{item[0]} = {toml_value(item[1])}"

    tables = [("[daemon]", daemon), *(("[[port]]", port) for port in ports),
              *(("[[lagg]]", lagg) for lagg in laggs)]
    return "\n".join("\n".join([head, *map(assignment, body.items()), ""]) for head, body in tables)


class Programs:
    """Where the programs under test are: a directory that has both, unless told otherwise."""

    def __init__(self, directory, laggd=None, laggctl=None):
        self.laggd = Path(laggd or Path(directory) / "laggd")
        self.laggctl = Path(laggctl or Path(directory) / "laggctl")

    def missing(self):
        """The first that is not there, or None."""
        return next((path for path in (self.laggd, self.laggctl) if not os.access(path, os.X_OK)),
                    None)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Laggd:
    """laggd in a namespace, with one lagg over kernel interfaces of that namespace."""

    def __init__(self, namespace, directory, programs, interfaces, name="lagg0"):
        self.namespace = namespace
        self.directory = Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.programs = programs
        self.interfaces = interfaces
        self.name = name
        self.config = self.directory / "lagg.toml"
        self.socket = self.directory / "api.sock"
        self.log = self.directory / "laggd.log"
        self.program = None

    def write_config(self, log="info", **lagg):
        """`lagg`: the keys of the [[lagg]] table beside name and ports."""
        self.config.write_text(config_text(
            {"memory": "none", "api": str(self.socket), "log": log},
            [{"name": name, "device": f"net_af_packet,iface={name}"}
             for name in self.interfaces],
            [{"name": self.name, "ports": self.interfaces, **lagg}]))

    def start(self):
        argv = self.namespace.argv([str(self.programs.laggd), "-c", str(self.config)])
        self.program = Program("laggd", argv, self.log)

    def said(self, lines=30):
        """The last lines it wrote, also after its end."""
        return last_lines(self.log, lines)

    def reload(self):
        self.program.process.send_signal(signal.SIGHUP)

    def stop(self):
        """Its exit code; None when it was not running."""
        if self.program is None:
            return None
        code, self.program = self.program.stop(signal.SIGTERM), None
        return code

    def get(self, path="/v1/status", timeout=2.0):
        """The JSON of one API path; None while nobody answers."""
        link = UnixConnection(self.socket, timeout)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            link.close()
        if answer.status != 200:
            raise LabError(f"laggd's API answers {answer.status} to {path}: {body.decode()[:300]}")
        return json.loads(body)

    def lagg(self):
        """Our lagg in the status, or None while it is not there."""
        self.program.must_live()
        status = self.get()
        laggs = (status or {}).get("laggs", [])
        return next((lagg for lagg in laggs if lagg["name"] == self.name), None)

    def distributing(self):
        """Names of the ports that carry traffic out."""
        lagg = self.lagg()
        return [port["name"] for port in lagg["ports"] if port["distributing"]] if lagg else []

    def wait_distributing(self, ports, timeout):
        wait_for(f"laggd distributing on {' and '.join(ports) or 'no port'}",
                 lambda: sorted(self.distributing()) == sorted(ports), timeout)

    def show(self, *arguments):
        """What a person sees: laggctl's own text."""
        return run([str(self.programs.laggctl), "--socket", str(self.socket),
                    *(arguments or ["show"])])
