#!/usr/bin/env python3
"""Holds lagg.toml(5) and the packaged sample against the keys that laggd knows: each is named, with
its range, its words and its default, and nothing else is. The JSON Schema takes the good files of
the tests, and not the broken ones in which a single value is wrong.

Usage: check_keys.py REPOSITORY LAGGD
"""
import json
import pathlib
import re
import subprocess
import sys
import tomllib

# The part of a section of the page that begins with a key, up to the next key at the same depth.
ENTRY = r"^{tabs}\*{key}\* = .*?(?=^{tabs}\*[a-z_]+\* = |\Z)"
ANY_KEY = re.compile(r"^\t{0,2}((?:\*[a-z_]+\* = [^,\n]*(?:, )?)+)$", re.MULTILINE)

# What has a header of its own, or is no more than its keys.
TABLES = ["daemon", "port", "lagg", "port.lacp", "lagg.lacp"]


def described(laggd, what):
    said = subprocess.run([laggd, f"--describe-config={what}"], check=True, stdout=subprocess.PIPE)
    return json.loads(said.stdout)


# ---- the page

def sections(page):
    """By the table they are about; "" is the top of the file."""
    titles = {"TOP OF THE FILE": "", "[daemon]": "daemon", "[[port]]": "port", "[[lagg]]": "lagg",
              "[lagg.lacp]": "lagg.lacp"}
    parts = re.split(r"^# (.*)$", page, flags=re.MULTILINE)
    return {titles[title]: text for title, text in zip(parts[1::2], parts[2::2]) if title in titles}


def entry(text, key):
    """What the text says of a key; the whole of it where the key shares an entry with others."""
    for tabs in ("", r"\t", r"\t\t"):
        found = re.search(ENTRY.format(tabs=tabs, key=key), text, re.MULTILINE | re.DOTALL)
        if found:
            return found[0]
    return text if re.search(rf"\*{key}\*", text) else None


def text_about(path, of_table):
    """The entry of a key, looked for in its section, and there in the entries of its tables."""
    table = max((name for name in of_table if not name or path.startswith(name + ".")), key=len)
    text = of_table[table]
    for key in path[len(table):].strip(".").split("."):
        text = entry(text, key)
        if text is None:
            return None
    # A key of a port's lacp is as the lagg's of that name.
    as_in_lagg = rf"\*{key}\* = .*\n\t*As in \*\[lagg.lacp\]\*"
    if path.startswith("port.lacp.") and re.search(as_in_lagg, text):
        text += entry(of_table["lagg.lacp"], key)
    return text


def forms(key):
    return key["any_of"] if "any_of" in key else [key]


def in_words(value):
    """Patterns of a default, as the page writes it."""
    if isinstance(value, bool):
        return [f"*{str(value).lower()}*"]
    if isinstance(value, int):
        return [str(value)]
    if isinstance(value, str):
        return [f'*"{value}"*'] if value else ["empty"]
    if isinstance(value, list):
        return ["none", "nothing"]
    return in_words(value["policy"])


def wrong_on_page(key, text):
    if text is None:
        return ["is not named"]
    plain = re.sub(r"\s+", " ", text)
    wrong = []
    for form in forms(key):
        form = form.get("items", form)
        if form.get("type") == "integer":
            least, most = form["minimum"], form["maximum"]
            said = f"Only {least} is allowed" if least == most else f"{least} to {most}"
            if said not in plain:
                wrong.append(f"has no range {said!r}")
        for word in form.get("choices", []):
            if f'"{word}"' not in plain and f"*{word}*" not in plain:
                wrong.append(f"does not name {word!r}")
    if key.get("required") and "Required" not in plain and "." not in key["path"]:
        wrong.append("does not say that it is required")
    if "absent" in key and "Default: " not in plain:
        wrong.append("does not say what holds without it")
    if "default" in key and "absent" not in key and "Required unless" not in plain:
        if not any(f"Default: {said}" in plain for said in in_words(key["default"])):
            wrong.append(f"does not have the default {key['default']!r}")
    return wrong


def check_page(keys, page):
    of_table = sections(page)
    for key in keys:
        if key["path"] in TABLES:
            continue
        for what in wrong_on_page(key, text_about(key["path"], of_table)):
            yield f"docs/lagg.toml.5.scd: '{key['path']}' {what}"
    known = {key["path"].split(".")[-1] for key in keys}
    for text in of_table.values():
        for line in ANY_KEY.findall(text):
            for name in re.findall(r"\*([a-z_]+)\* = ", line):
                if name not in known:
                    yield f"docs/lagg.toml.5.scd: laggd knows no '{name}'"


# ---- the sample

def switched_on(sample):
    """The keys that the sample shows behind "#"; "# " begins text."""
    return re.sub(r"^#(?=[^ \n])", "", sample, flags=re.MULTILINE)


def value_at(document, path):
    """None where there is none. The first of several tables is the one with all keys."""
    for part in path.split("."):
        document = document[0] if isinstance(document, list) and document else document
        if not isinstance(document, dict) or part not in document:
            return None
        document = document[part]
    return document


def comment_of(sample, key):
    """The line of a key, with what is behind it, and the indented one that goes on with that."""
    found = re.search(rf"^#{key} = .*(?:\n {{4,}}#.*)?", sample, re.MULTILINE)
    return found[0] if found else ""


def wrong_in_sample(key, document, sample):
    path = key["path"]
    value = value_at(document, path)
    outer, _, name = path.rpartition(".")
    if value is None:
        # Keys of an inline table may be in the comment that follows it.
        if re.search(rf"\b{name}\b", comment_of(sample, outer.split(".")[-1])):
            return
        yield "is not named"
        return
    comment = comment_of(sample, name)
    left_out = "when left out" in comment
    # A path that is none by default has to be shown with some value.
    if "absent" in key and "default" not in key and not left_out and path != "daemon.record":
        yield "does not say what holds when it is left out"
    if "default" in key and not left_out and not key.get("required") and path != "lagg.ports":
        default = key["default"]
        same = value.items() <= default.items() if isinstance(default, dict) else value == default
        if not same:
            yield f"has {value!r} in the place of the default {default!r}"
    for least, most in re.findall(r"(\d+) to (\d+)", comment):
        if (int(least), int(most)) != (key.get("minimum"), key.get("maximum")):
            yield f"has the range {least} to {most}"


def check_sample(keys, sample):
    document = tomllib.loads(switched_on(sample))
    for key in keys:
        # Tables are made of their keys; of the two forms of `upper` the sample shows the other.
        if key["path"] in TABLES or key["path"].startswith("lagg.upper."):
            continue
        for what in wrong_in_sample(key, document, sample):
            yield f"packaging/lagg.toml: '{key['path']}' {what}"


# ---- the schema

# Broken files whose every mistake is one of a single value, and so of the schema's.
FOR_THE_SCHEMA = ["08", "09", "10", "11", "12", "13", "17", "25", "33", "34", "35", "51", "54",
                  "55"]


def check_schema(schema, files, sample):
    import jsonschema
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    documents = {path.name: path.read_text() for path in sorted((files / "good").glob("*.toml"))}
    for name, text in {**documents, "the sample": switched_on(sample)}.items():
        for error in validator.iter_errors(tomllib.loads(text)):
            yield f"the schema refuses {name}: {error.json_path}: {error.message}"
    for number in FOR_THE_SCHEMA:
        path = next((files / "broken").glob(number + "-*.toml"))
        if validator.is_valid(tomllib.loads(path.read_text())):
            yield f"the schema takes {path.name}"


def main():
    root, laggd = pathlib.Path(sys.argv[1]), sys.argv[2]
    keys = described(laggd, "keys")
    sample = (root / "packaging/lagg.toml").read_text()
    page = (root / "docs/lagg.toml.5.scd").read_text()
    mistakes = [*check_page(keys, page), *check_sample(keys, sample)]
    try:
        mistakes += check_schema(described(laggd, "schema"), root / "tests/control/config", sample)
    except ImportError:
        print("no python3-jsonschema here: the schema is not tried")
    print(*mistakes, f"{len(keys)} keys, {len(mistakes)} mistakes", sep="\n")
    sys.exit(1 if mistakes else 0)


if __name__ == "__main__":
    main()
