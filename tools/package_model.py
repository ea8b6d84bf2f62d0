#!/usr/bin/env python3
"""A trained model as a pip package and as a folder with a card; tools/package model runs it.

    tools/package model DIR --name ko-small --language ko --license CC-BY-SA-4.0 \\
        --text "Korean film reviews and encyclopedia" [--dev dev.txt] [--results results.json]

Writes NAME/ (forward.h5, backward.h5 and README.md, the card) and elmo_model_NAME-VERSION-py3-none-any.whl
under --output and prints both paths. After `pip install` of the wheel, elmo.load("NAME") finds the model;
`python3 -m elmo_model_NAME` links it to where `elmo dump --model NAME` looks.

The card's numbers come from the model: its settings and hashes from `elmo info`, the units it read from
its log.jsonl, perplexities from `elmo perplexity` on --dev. --results is a JSON object from a task's name
to its number. The same input gives the same bytes. The Python 3 standard library is enough.
"""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

DIRECTIONS = ("forward", "backward")
SPLITS = {
    "spaces": "Words stand between spaces or tabs; nothing else is cut off. Give it text that is cut as the "
              "training text was.",
    "punctuation": "Words stand between spaces or tabs, and each run of punctuation or symbols is a word of "
                   "its own. Give it raw text; the program and the module cut it.",
    "characters": "Each character is a word. Give it raw text.",
    "tabs": "Words stand between tabs and may hold spaces.",
}
ENCODERS = {
    "pieces": "SentencePiece, each word by itself; the pieces' model is inside the files",
    "characters": "characters of each word (a CNN); any word has a vector",
    "dictionaries": "dictionaries of characters and words",
}
MAIN = '''"""Links the model to the folder where `elmo --model {name}` looks."""
import os
import pathlib

from . import path

target = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local" / "share")
link = target / "elmo" / "models" / "{name}"
link.parent.mkdir(parents=True, exist_ok=True)
if link.is_symlink():
    link.unlink()
link.symlink_to(path(), target_is_directory=True)
print(f"{{link}} -> {{path()}}")
'''


class Unusable(Exception):
    """What was given can't be packaged; says why."""


def program():
    """The elmo program: $ELMO, the one that tools/quickstart builds, or the one on the PATH."""
    built = pathlib.Path(__file__).resolve().parent.parent / "build" / "release" / "tools" / "elmo"
    found = os.environ.get("ELMO") or (str(built) if built.exists() else shutil.which("elmo"))
    if not found:
        raise Unusable("there is no elmo program; run tools/quickstart or set ELMO to its path")
    return found


def run_json(*arguments):
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Unusable(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else
                       f"elmo {arguments[0]} ended with status {done.returncode}")
    return json.loads(done.stdout)


def describe(folder):
    """{direction: what `elmo info` says of its file}."""
    info = run_json("info", "--json", folder)
    files = {pathlib.Path(one["path"]).stem: one for one in info.get("files", [])}
    missing = [direction for direction in DIRECTIONS if direction not in files]
    if missing:
        raise Unusable(f"{folder}: holds no {missing[0]}.h5; a packaged model has both directions")
    return {direction: files[direction] for direction in DIRECTIONS}


def units_read(folder):
    """{direction: units that training read}, of what log.jsonl tells."""
    log = folder / "log.jsonl"
    units = {}
    if log.exists():
        for number, line in enumerate(log.read_text(encoding="utf-8").splitlines(), 1):
            try:
                report = json.loads(line)
            except json.JSONDecodeError as error:
                raise Unusable(f"{log}:{number}: is no JSON; leave the line out") from error
            if "units" in report:
                units[report["direction"]] = report["units"]
    return units


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def card(arguments, files):
    """The model's README.md."""
    settings = files["forward"]["settings"]
    units = units_read(arguments.folder)
    perplexities = run_json("perplexity", "--json", "--model", arguments.folder, "--input",
                            arguments.dev) if arguments.dev else {}
    rows = [["units read in training", *(f"{units[d]:,}" if d in units else "not recorded" for d in DIRECTIONS)],
            ["parameters", *(f"{files[d]['parameters']:,}" for d in DIRECTIONS)],
            ["hash", *(f"`{files[d]['hash']}`" for d in DIRECTIONS)]]
    for key, title in (("perplexity_unit", "perplexity a unit"), ("perplexity_word", "perplexity a word"),
                       ("bits_per_character", "bits a character"), ("unknown_rate", "share of unknown words")):
        if perplexities:
            rows.append([title, *(f"{perplexities[d][key]:.4g}" for d in DIRECTIONS)])
    name, module = arguments.name, module_name(arguments.name)
    parts = [
        "---\n"
        f"language: {arguments.language}\n"
        f"license: {arguments.license.lower()}\n"
        "library_name: elmo-cpp\n"
        "pipeline_tag: feature-extraction\n"
        "tags:\n- elmo\n- word-vectors\n"
        "---",
        f"# {name}",
        f"Contextual word vectors (ELMo): a forward and a backward LSTM language model of {settings['layers']} "
        f"layers of {settings['hidden']:,} cells, projected to {settings['projection']}. A word has "
        f"{settings['layers'] + 1} vectors of {2 * settings['projection']} dimensions, layer 0 without context.",
        "## What it read",
        arguments.text,
        table(["", *DIRECTIONS], rows),
    ]
    if perplexities:
        parts.append(f"Perplexities are of the full softmax on {arguments.dev_title or arguments.dev.name}.")
    parts += [
        "## How to cut text for it",
        SPLITS[settings["split"]] + f" Inside, a word becomes: {ENCODERS[settings['encoder']]}.",
        "## Use",
        f"```sh\npip install {module}-{arguments.version}-py3-none-any.whl\n"
        f"python3 -m {module}      # so that the program finds it by name too\n"
        f"elmo dump --model {name} --input text.txt --output vectors.h5\n```",
        f'```python\nimport elmo\nmodel = elmo.load("{name}")\n```',
    ]
    if arguments.results:
        results = json.loads(arguments.results.read_text(encoding="utf-8"))
        parts += ["## What it brings",
                  table(["task", "result"], [[str(task), str(value)] for task, value in results.items()])]
    parts += [
        "## Where it fails",
        arguments.limits or
        "It knows the language of the text above: other domains, other spelling and words that are cut "
        "otherwise get poorer vectors. A sentence is read by itself, so what an earlier sentence said is "
        "unknown. What the text says of people, the vectors repeat.",
        "## Licence",
        arguments.license,
    ]
    if arguments.command:
        parts += ["## How it was made", f"```sh\n{arguments.command}\n```"]
    return "\n\n".join(parts) + "\n"


def module_name(name):
    return "elmo_model_" + re.sub(r"[-.]", "_", name)


def write_wheel(path, name, version, licence, summary, files):
    """A wheel of pure data (PEP 427). files: {name in the package: bytes or a path}."""
    module = module_name(name)
    info = f"{module}-{version}.dist-info"
    entries = {f"{module}/{inner}": content for inner, content in files.items()}
    entries[f"{module}/__init__.py"] = (
        f'"""{summary}"""\nimport pathlib\n\n\ndef path():\n    """The model\'s folder."""\n'
        "    return str(pathlib.Path(__file__).resolve().parent)\n").encode()
    entries[f"{module}/__main__.py"] = MAIN.format(name=name).encode()
    entries[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: {version}\nSummary: {summary}\n"
        f"License: {licence}\nRequires-Python: >=3.9\nRequires-Dist: elmo-cpp\n").encode()
    entries[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: elmo.cpp\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    entries[f"{info}/entry_points.txt"] = f"[elmo.models]\n{name} = {module}:path\n".encode()
    record = []
    # Under another name first: whoever sees a wheel sees a whole one.
    partial = path.with_name(path.name + ".tmp")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for inner, content in entries.items():
            data = content if isinstance(content, bytes) else content.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{inner},sha256={digest},{len(data)}")
            archive.writestr(zipfile.ZipInfo(inner, (2000, 1, 1, 0, 0, 0)), data)
        record.append(f"{info}/RECORD,,")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD", (2000, 1, 1, 0, 0, 0)), "\n".join(record) + "\n")
    partial.rename(path)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/package model", description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="the model: forward.h5 and backward.h5")
    parser.add_argument("--name", required=True, help="what elmo.load and --model will call it, such as ko-small")
    parser.add_argument("--language", required=True, help="ISO 639 code, such as ko")
    parser.add_argument("--license", required=True, help="SPDX identifier of the model's licence")
    parser.add_argument("--text", required=True, help="what it read: sources, sizes, their licences")
    parser.add_argument("--version", default="1.0")
    parser.add_argument("--dev", type=pathlib.Path, help="text to take perplexities on")
    parser.add_argument("--dev-title", help="what the card calls that text")
    parser.add_argument("--results", type=pathlib.Path, help="JSON: {task: number}")
    parser.add_argument("--limits", help="where the model fails, instead of the general words")
    parser.add_argument("--command", help="the commands that made it")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/package"))
    parsed = parser.parse_args(arguments)
    if not re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", parsed.name):
        parser.error(f"--name {parsed.name}: lower-case letters, digits, and single - or . between them")
    if not re.fullmatch(r"\d+(\.\d+)*", parsed.version):
        parser.error(f"--version {parsed.version}: numbers with dots between them")
    return parsed


def main(arguments):
    parsed = parse(arguments)
    try:
        files = describe(parsed.folder)
        text = card(parsed, files)
        parsed.output.mkdir(parents=True, exist_ok=True)
        folder = parsed.output / parsed.name
        partial = parsed.output / (parsed.name + ".tmp")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for direction in DIRECTIONS:
            shutil.copyfile(parsed.folder / f"{direction}.h5", partial / f"{direction}.h5")
        (partial / "README.md").write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        wheel = parsed.output / f"{module_name(parsed.name)}-{parsed.version}-py3-none-any.whl"
        inside = {one.name: one for one in sorted(folder.iterdir())}
        write_wheel(wheel, parsed.name, parsed.version, parsed.license,
                    f"The ELMo model {parsed.name} for elmo.cpp", inside)
    except (Unusable, OSError, json.JSONDecodeError) as error:
        print(f"tools/package model: {error}", file=sys.stderr)
        return 1
    print(folder, wheel, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
