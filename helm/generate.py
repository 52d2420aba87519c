#!/usr/bin/env python3
"""Makes what the chart holds of other files: README.md of values.yaml's comments, and the copies of
the CustomResourceDefinitions, the alerts and the dashboard, because a chart cannot refer to what lies
outside it.

Run without arguments: writes what is not current. With --check: writes nothing, names what is not
current and exits with 1.
"""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "helm" / "nbkeys"
COPIES = (("crds", "files/crds", "*.yaml"), ("deploy/monitoring", "files", "rules.yaml"),
          ("deploy/monitoring", "files", "dashboard.json"))
ENTRY = re.compile(r"^( *)([A-Za-z][\w-]*):(.*)$")
README_MARK = "<!-- values: made by `python3 helm/generate.py` -->\n"


class Undescribed(Exception):
    pass


def described(text):
    """Yields (dotted name, description) for every value with a `# --` comment, in their order.

    A value without one must have described values below it: whoever adds a value describes it.
    """
    comment, path, open_names = [], [], {}
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped.startswith("# -- "):
            comment = [stripped[5:]]
        elif stripped.startswith("#"):
            if comment:
                comment.append(stripped.lstrip("# "))
        elif entry := ENTRY.match(line):
            depth = len(entry[1]) // 2
            path = path[:depth] + [entry[2]]
            name = ".".join(path)
            if any(".".join(path[:length]) in open_names for length in range(1, len(path))):
                continue  # part of a value that is described as a whole
            if comment:
                yield name, " ".join(comment)
                open_names[name] = True
            elif entry[3].strip():
                raise Undescribed(f"values.yaml:{number}: {name} has no `# --` comment")
            comment = []


def value_at(values, name):
    for part in name.split("."):
        values = values[part]
    return values


def table(text):
    values = yaml.safe_load(text)
    lines = ["| value | default | what it is |", "|---|---|---|"]
    for name, description in described(text):
        default = json.dumps(value_at(values, name), ensure_ascii=False)
        cell = default.replace("|", "\\|")
        lines.append(f"| `{name}` | `{cell}` | {description.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def readme():
    head, mark, _ = (CHART / "README.md").read_text(encoding="utf-8").partition(README_MARK)
    if not mark:
        raise SystemExit(f"README.md of the chart has lost its line {README_MARK.strip()}")
    return head + mark + "\n" + table((CHART / "values.yaml").read_text(encoding="utf-8"))


def wanted():
    """What each made file must hold."""
    files = {CHART / "README.md": readme()}
    for source, target, pattern in COPIES:
        for path in sorted((ROOT / source).glob(pattern)):
            files[CHART / target / path.name] = path.read_text(encoding="utf-8")
    return files


def not_current():
    """The made files that differ from what they are made of; also copies without an original."""
    files = wanted()
    stale = {path: text for path, text in files.items()
             if not path.exists() or path.read_text(encoding="utf-8") != text}
    for path in (CHART / "files").rglob("*"):
        if path.is_file() and path not in files:
            stale[path] = None
    return stale


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__)
        return 2
    try:
        stale = not_current()
    except Undescribed as problem:
        print(problem)
        return 1
    for path, text in stale.items():
        name = path.relative_to(ROOT)
        if sys.argv[1:]:
            print(f"{name} is not current: run python3 helm/generate.py")
        elif text is None:
            path.unlink()
            print(f"removed {name}")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if stale and sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
