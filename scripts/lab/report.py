"""What a run of the laboratory tells: a timeline while it happens, a table of what was asked for
and what was measured, and the same as JSON."""

import json
import sys
import time


class Report:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.begun = time.monotonic()
        self.timeline = []
        self.checks = []
        self.complete = False  # set when everything planned was done

    def elapsed(self):
        return time.monotonic() - self.begun

    def _print(self, text=""):
        print(text, file=self.out, flush=True)

    def title(self, text):
        self._print(f"\n{text}\n{'-' * len(text)}")
        self.timeline.append({"seconds": round(self.elapsed(), 3), "title": text})

    def say(self, text):
        """One line of the timeline, under the time at which it is said."""
        at = self.elapsed()
        self.timeline.append({"seconds": round(at, 3), "text": text})
        self._print(f"{at:8.3f}  {text}")

    def show(self, text):
        """Somebody else's output, indented."""
        for line in text.strip().splitlines():
            self._print(f"          | {line}")

    def check(self, part, what, measured, target, ok, **figures):
        """Books one requirement. `measured` and `target` are texts with their units; `figures` are
        the same as numbers, for the JSON."""
        self.checks.append({"part": part, "what": what, "measured": measured, "target": target,
                            "ok": bool(ok), **figures})
        self.say(f"{'ok    ' if ok else 'FAILED'} {what}: {measured} (target: {target})")

    @property
    def ok(self):
        return self.complete and all(check["ok"] for check in self.checks)

    def table(self):
        head = {"part": "part", "what": "requirement", "measured": "measured", "target": "target"}
        wide = {key: max(len(row[key]) for row in [head, *self.checks]) for key in head}

        def line(row, end):
            return "  ".join(row[key].ljust(wide[key]) for key in head) + "  " + end

        self._print()
        self._print(line(head, ""))
        self._print("  ".join("-" * width for width in wide.values()))
        for check in self.checks:
            self._print(line(check, "ok" if check["ok"] else "FAILED"))
        failed = sum(not check["ok"] for check in self.checks)
        if not self.complete:
            self._print("\nended early")
        self._print(f"\n{len(self.checks) - failed} of {len(self.checks)} requirements met in "
                    f"{self.elapsed():.0f} s")

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"ok": self.ok, "seconds": round(self.elapsed(), 1), "checks": self.checks,
                       "timeline": self.timeline}, file, indent=1)
            file.write("\n")


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def ms(seconds):
    return f"{seconds * 1000:.0f} ms"


def share(parts):
    """[1, 3] as "25 % / 75 %"."""
    total = sum(parts)
    return " / ".join(f"{100 * part / total:.0f} %" if total else "nothing" for part in parts)
