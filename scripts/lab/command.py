"""Running programs: everything has a time limit, nothing waits for luck, what was started is ended.

A laboratory that hangs is worth less than one that fails, so every call here takes a limit and
every failure says what was run and what it printed.
"""

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
# Set before programs are started that are to be left standing when this process ends.
programs_outlive_us = False


def die_with_parent():
    """For a process between fork and exec: it ends when the one that made it does, however that
    ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _before_exec():
    """The kernel takes the end of the thread that made a process for its parent's."""
    of_main_thread = threading.current_thread() is threading.main_thread()
    return die_with_parent if of_main_thread and not programs_outlive_us else None


class LabError(Exception):
    """Something in the laboratory did not do what it was asked; the text is for a person."""


def run(argv, timeout=10.0, check=True, env=None, text_in=None, cwd=None):
    """Runs a program to its end and returns what it printed; LabError when it fails or takes too
    long."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, input=text_in,
                              cwd=cwd, env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as late:
        raise LabError(f"{' '.join(argv)}: not done after {timeout:g} s") from late
    except OSError as error:
        raise LabError(f"{argv[0]}: {error.strerror}") from error
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-800:]
        raise LabError(f"{' '.join(argv)}: exit code {done.returncode}: {said}")
    return done.stdout


def wait_for(what, condition, timeout, every=0.02):
    """Asks `condition` until it returns something true, and returns that; LabError after `timeout`
    s."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise LabError(f"{what}: not within {timeout:g} s")
        time.sleep(every)


def watch(conditions, timeout, seen=None, every=0.01):
    """Waits until each of several conditions was true once; {name: seconds it took}. `seen(name,
    seconds)` is called for each when it happens. LabError names those that were not within
    `timeout` seconds."""
    begun = time.monotonic()
    took = {}
    while True:
        for name, condition in conditions.items():
            if name not in took and condition():
                took[name] = time.monotonic() - begun
                if seen:
                    seen(name, took[name])
        if len(took) == len(conditions):
            return took
        if time.monotonic() - begun >= timeout:
            absent = ", ".join(name for name in conditions if name not in took)
            raise LabError(f"{absent}: not within {timeout:g} s")
        time.sleep(every)


def start_time(pid):
    """When a process started, in the kernel's ticks; None when there is none (or only its remains).

    A pid alone may by now name somebody else's process; together with this it names ours.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def last_lines(path, lines):
    """The end of a text file; empty when there is none."""
    try:
        return "\n".join(Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


class Program:
    """A program that runs beside us, in a session of its own: Ctrl-C at the terminal reaches only
    the laboratory, which then ends its programs in order. Its output goes to a file of the
    laboratory. It ends with the laboratory, also when that is killed (unless a
    thread of its own started it)."""

    def __init__(self, name, argv, log, env=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.argv = argv
        self.log = Path(log)
        with open(self.log, "ab") as sink:
            try:
                self.process = subprocess.Popen(argv, stdin=stdin, stdout=sink,
                                                stderr=subprocess.STDOUT,
                                                env={**os.environ, **(env or {})},
                                                start_new_session=True,
                                                preexec_fn=_before_exec())
            except OSError as error:
                raise LabError(f"{argv[0]}: {error.strerror}") from error
        self.started = start_time(self.pid)

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process.poll() is None

    def said(self, lines=12):
        """The last lines it printed."""
        return last_lines(self.log, lines)

    def must_live(self):
        """True while it runs; LabError with its last words when it ended by itself."""
        if self.alive:
            return True
        raise LabError(f"{self.name} ended with {self.process.returncode}; it said:\n{self.said()}")

    def stop(self, sign=signal.SIGTERM, timeout=8.0):
        """Ends it and returns its exit code; kills it when it does not go within `timeout` seconds
        (the code is then -9)."""
        if self.alive:
            self.process.send_signal(sign)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        if self.process.stdin:
            self.process.stdin.close()
        return self.process.returncode
