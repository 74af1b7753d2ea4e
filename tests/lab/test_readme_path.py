"""Commands taken out of README.md for two NICs of a given machine."""

import re
import subprocess
import sys
import tomllib
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from lab.fresh import disk  # noqa: E402
from lab.readme_path import NICS, blocks, commands, configuration  # noqa: E402

OURS = ("0000:00:10.0", "0000:00:11.0")


class Blocks(unittest.TestCase):
    def test_only_those_of_the_section(self):
        text = ("## A\n```\none\n```\n## B\ntext\n```sh\ntwo\nthree\n```\n### C\n```\nfour\n```\n"
                "## D\n```\nfive\n```\n")
        self.assertEqual(blocks(text, "B"), [("sh", ["two", "three"]), ("", ["four"])])

    def test_what_is_no_document(self):
        with self.assertRaisesRegex(ValueError, "no section"):
            blocks("## A\n", "B")
        with self.assertRaisesRegex(ValueError, "not closed"):
            blocks("## B\n```\none\n", "B")


class PathToALagg(unittest.TestCase):
    def test_only_the_given_nics(self):
        for iommu in (True, False):
            text = "\n".join(commands(OURS, iommu)) + configuration(OURS)
            for old in NICS:
                self.assertNotIn(old, text)
            for nic in OURS:
                self.assertIn(nic, text)

    def test_nics_that_change_places(self):
        text = configuration((NICS[1], NICS[0]))
        devices = [port["device"] for port in tomllib.loads(text)["port"]]
        self.assertEqual(devices, [NICS[1], NICS[0]])

    def test_the_driver_of_the_machine(self):
        for iommu, driver in ((True, "vfio-pci"), (False, "uio_pci_generic")):
            bound = re.findall(r"driverctl set-override (\S+) (\S+)",
                               "\n".join(commands(OURS, iommu)))
            self.assertEqual(bound, [(nic, driver) for nic in OURS])

    def test_uio_gives_the_service_its_capability(self):
        self.assertIn("CAP_SYS_ADMIN", "\n".join(commands(OURS, False)))
        self.assertNotIn("CAP_SYS_ADMIN", "\n".join(commands(OURS, True)))

    def test_steps_come_in_order(self):
        for iommu in (True, False):
            text = "\n".join(commands(OURS, iommu))
            order = ["scripts/build", "meson install", "laggctl doctor", "nr_hugepages",
                     "driverctl set-override", "laggd --check", "laggd.service /etc",
                     "enable --now"]
            places = [text.find(word) for word in order]
            self.assertNotIn(-1, places, dict(zip(order, places)))
            self.assertEqual(places, sorted(places))

    def test_every_step_is_shell(self):
        for iommu in (True, False):
            for step in commands(OURS, iommu):
                answer = subprocess.run(["sh", "-n"], input=step, text=True, capture_output=True,
                                        check=False, timeout=30)
                self.assertEqual(answer.returncode, 0, step + answer.stderr)

    def test_no_interface_of_the_kernel(self):
        text = "\n".join(commands(OURS))
        self.assertNotIn("eth1", text)


class Source(unittest.TestCase):
    def test_builds_are_left_out_and_the_script_of_that_name_is_not(self):
        top = ["build", "build-coverage", "scripts", ".git", "bench"]
        self.assertEqual(disk.left_out(str(disk.ROOT), top), ["build", "build-coverage", ".git"])
        self.assertEqual(disk.left_out(str(disk.ROOT / "scripts"), ["build", "__pycache__"]),
                         ["__pycache__"])


if __name__ == "__main__":
    unittest.main()
