"""The commands of README.md from a bare server to a lagg, for two given NICs: so that a machine
can be prepared with what the reader is told, to the letter.

A fenced block of the section is one step. Blocks that serve another machine, as the one for NICs
without an IOMMU does, are chosen by what stands in them.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

SECTION = "Five minutes to your own NICs"
NICS = ("0000:03:00.0", "0000:03:00.1")


def blocks(text, section=SECTION):
    """(language, lines) of each fenced block between the section's heading and the next one of its
    rank. Raises ValueError where the section is not there or a fence is left open."""
    found, inside, language, lines = False, False, "", []
    result = []
    for line in text.splitlines():
        if inside:
            if line.strip() == "```":
                result.append((language, lines))
                inside = False
            else:
                lines.append(line)
        elif line.startswith("## "):
            if found:
                break
            found = line[3:].strip() == section
        elif found and line.startswith("```"):
            inside, language, lines = True, line[3:].strip(), []
    if not found:
        raise ValueError(f'there is no section "{section}"')
    if inside:
        raise ValueError(f'a fence in section "{section}" is not closed')
    return result


def renamed(lines, nics):
    """The text with the README's NICs replaced by these. In one pass, since a new one may be an old
    one's name."""
    text = "\n".join(lines)
    marks = {old: f"\0{index}\0" for index, old in enumerate(NICS)}
    for old, mark in marks.items():
        text = text.replace(old, mark)
    for mark, new in zip(marks.values(), nics):
        text = text.replace(mark, new)
    return text


def is_for_the_other_machine(text, iommu):
    """A block that binds NICs binds them to one driver."""
    if "driverctl set-override" not in text:
        return False
    return ("vfio-pci" in text) != iommu


def is_transcript(text):
    """A block that shows a prompt and an answer is no list of commands."""
    return text.startswith("$ ")


def configuration(nics, readme=None):
    """The section's lagg.toml for these two PCI addresses."""
    text = readme if readme is not None else (ROOT / "README.md").read_text()
    found = [lines for language, lines in blocks(text) if language == "toml"]
    if len(found) != 1:
        raise ValueError(f"the section has {len(found)} blocks of toml, and one is expected")
    return renamed(found[0], nics) + "\n"


def commands(nics, iommu=True, readme=None):
    """Yields the shell text of each step, in order, for two NICs that are bound: with `iommu` to
    vfio-pci, else to uio_pci_generic. `nics` are their PCI addresses. The configuration is no
    command: it is to be written before the step that checks it."""
    text = readme if readme is not None else (ROOT / "README.md").read_text()
    for language, lines in blocks(text):
        step = renamed(lines, nics)
        # Interfaces that stay with the kernel are the other way.
        kernels_own = "ethtool -K" in step
        if language or kernels_own or is_transcript(step) or is_for_the_other_machine(step, iommu):
            continue
        yield step
