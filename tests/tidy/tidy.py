#!/usr/bin/env python3
"""The rules of the code base that a compiler does not check.

Run without arguments from anywhere: prints file:line: message for each breach and exits with 1.
With --self-test: plants one breach of each rule in a copy of the tree and expects each to be found.
"""
import ast
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

CORE = ("base", "io", "kube", "netbird", "cache", "status", "engine")
EVERY = CORE + ("telemetry", "shell", "plugin", "cli")
# Who may include whom, by the first path segment of a quoted include; each may include itself.
LAYERS = {
    "base": (),
    "io": ("base",),
    "kube": ("base", "io"),
    "netbird": ("base", "io"),
    "cache": ("base", "kube", "netbird"),
    "status": ("base", "kube"),
    "engine": ("base", "io", "kube", "netbird", "cache", "status"),
    "telemetry": ("base", "io"),
    "shell": ("base", "io", "engine", "telemetry"),
    "plugin": CORE + ("telemetry", "shell"),
    "cli": EVERY,
    ".": EVERY,  # main.cc
}
# Where a third-party header may be included: path prefixes under src.
THIRD_PARTY = {
    "cpprest/": ("shell/*.cc", "shell/body_sink.h"),  # the header: what both runners' sinks derive from
    "pplx/": ("shell/*.cc",),
    "spdlog/": ("telemetry/*",),
    "prometheus/": ("telemetry/*",),
    "CLI/": ("cli/*",),
    "yaml-cpp/": ("shell/*", "plugin/yaml.cc"),
    "openssl/": ("base/hash.cc", "base/secret_text.cc", "shell/*"),
    "boost/": ("shell/*",),
    "nlohmann/": tuple(f"{folder}/*" for folder in EVERY),
}
# Shared state, clocks, randomness, files and exceptions belong to the shell.
BANNED_IN_CORE = re.compile(
    r"\bstd::(?:jthread|thread|mutex|shared_mutex|atomic\w*|future|async|unordered_(?:map|set)|random_device"
    r"|i?o?fstream|cout|cerr|sto(?:i|l|ll|ul|ull|f|d))\b"
    r"|#\s*include\s*<(?:thread|mutex|shared_mutex|atomic|future|fstream|iostream|unordered_map|unordered_set)>"
    r"|::now\(|\bgetenv\b|\bthrow\b|\btry\s*\{|\.at\(|\.value\(\)")
FORBIDDEN_TEXT = re.compile(
    r"\.\./shar" r"ed|/wor" r"k/|proxy\.golang\.o" r"rg|pypi\.o" r"rg|registry\.npmjs\.o" r"rg|crates\.i" r"o"
    r"|deb\.debian\.o" r"rg|docker\.i" r"o|quay\.i" r"o|ghcr\.i" r"o")
TEXT_SUFFIXES = {".cc", ".h", ".py", ".md", ".yaml", ".yml", ".txt", ".cmake", ".json", ".sh", ".go", ".ini", ".mod"}
LINES_MAX = {"src/.cc": 600, "src/.h": 250, "tests/.cc": 800, "tests/.h": 250, "tests/.py": 800}
FUNCTION_MAX = 70
COLUMNS_MAX = 100
# Sources of the core without a test of their own, each with its reason.
NO_UNIT_TEST = ()


def listed(root):
    """Files that git knows or would add; everything where there is no git, as in the self-test."""
    if (root / ".git").exists():
        out = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                             check=True, capture_output=True, text=True).stdout
        names = [name for name in out.split("\0") if name]
    else:
        names = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
    return sorted(name for name in names if (root / name).is_file())


def without_literals(text):
    """The code with comments and literals blanked, line by line as before."""
    token = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"'
                       r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'|//[^\n]*|/\*(?:.|\n)*?\*/")
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def functions(code):
    """(first line, last line) of each outermost function body, by counting braces."""
    lines = code.split("\n")
    stack, found, statement = [], [], ""
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            continue
        for c in line:
            if c == "{":
                head = statement.strip()
                is_scope = re.match(r"(?:inline )?(?:namespace|extern)\b", head) or re.search(
                    r"\b(?:class|struct|union|enum)\b[^()]*$", head)
                is_body = not is_scope and "(" in head and not re.search(r"=\s*$|\breturn\b", head)
                inside = any(kind == "body" for kind, _ in stack)
                stack.append(("body" if is_body and not inside else "other", number))
                statement = ""
            elif c == "}":
                if stack:
                    kind, first = stack.pop()
                    if kind == "body":
                        found.append((first, number))
                statement = ""
            elif c == ";":
                statement = ""
            else:
                statement += c
        statement += " "
    return found


class Tidy:
    def __init__(self, root):
        self.root = root
        self.breaches = []
        self.names = listed(root)

    def say(self, name, line, message):
        self.breaches.append(f"{name}:{line}: {message}")

    def run(self):
        for name in self.names:
            path = pathlib.PurePosixPath(name)
            if path.suffix not in TEXT_SUFFIXES and path.name not in ("Makefile", "Dockerfile"):
                continue
            text = (self.root / name).read_text(encoding="utf-8", errors="replace")
            if not name.endswith("go.sum"):
                self.forbidden(name, text)
            if path.suffix in (".cc", ".h"):
                self.code(name, path, text)
            if path.suffix == ".py":
                self.python(name, text)
            self.size(name, path, text)
        self.mirror()
        return self.breaches

    def forbidden(self, name, text):
        for number, line in enumerate(text.split("\n"), 1):
            if found := FORBIDDEN_TEXT.search(line):
                self.say(name, number, f"'{found.group(0)}' has no place in this project")

    def code(self, name, path, text):
        code = without_literals(text)
        if path.suffix == ".h" and "#pragma once" not in code:
            self.say(name, 1, "a header needs #pragma once")
        for number, line in enumerate(code.split("\n"), 1):
            if re.search(r"\busing\s+namespace\b", line):
                self.say(name, number, "using namespace")
        for number, line in enumerate(text.split("\n"), 1):
            if re.search(r"\bTODO\b(?!\(#\d+\))", line):
                self.say(name, number, "TODO without an issue: write TODO(#number)")
            if len(line) > COLUMNS_MAX:
                self.say(name, number, f"{len(line)} columns; the limit is {COLUMNS_MAX}")
        for first, last in functions(code):
            if last - first + 1 > FUNCTION_MAX:
                self.say(name, first, f"a function of {last - first + 1} lines; the limit is {FUNCTION_MAX}")
        if path.parts[0] == "src":
            self.source(name, path, text, code)

    def source(self, name, path, text, code):
        folder = path.parts[1] if len(path.parts) > 2 else "."
        inside = "/".join(path.parts[1:])
        lines = code.split("\n")
        for number, line in enumerate(text.split("\n"), 1):
            if not re.match(r"\s*#\s*include", lines[number - 1]):
                continue
            if quoted := re.match(r'\s*#\s*include\s*"([^"]+)"', line):
                target = quoted.group(1).split("/")[0]
                if target != folder and target not in LAYERS.get(folder, ()):
                    self.say(name, number, f"{folder} must not include {quoted.group(1)}")
            if angled := re.match(r"\s*#\s*include\s*<([^>]+)>", line):
                for library, places in THIRD_PARTY.items():
                    if angled.group(1).startswith(library) and not any(
                            pathlib.PurePosixPath(inside).match(place) for place in places):
                        self.say(name, number, f"<{library}> only in {', '.join(places)}")
        if folder in CORE:
            for number, line in enumerate(lines, 1):
                if found := BANNED_IN_CORE.search(line):
                    self.say(name, number, f"'{found.group(0).strip()}' is banned in the core")

    def size(self, name, path, text):
        top = path.parts[0]
        limit = LINES_MAX.get(f"{top}/{path.suffix}")
        count = text.count("\n")
        if limit and count > limit:
            self.say(name, count, f"{count} lines; the limit is {limit}")

    def python(self, name, text):
        try:
            ast.parse(text)
        except SyntaxError as error:
            self.say(name, error.lineno or 1, f"does not compile: {error.msg}")

    def mirror(self):
        names = set(self.names)
        for name in self.names:
            match = re.fullmatch(r"src/(\w+)/(\w+)\.cc", name)
            if not match or match.group(1) not in CORE or name in NO_UNIT_TEST:
                continue
            test = f"tests/unit/{match.group(1)}/{match.group(2)}_test.cc"
            if test not in names:
                self.say(name, 1, f"has no {test}")


# One breach of each rule: where it is planted, what is added, and what must be said of it.
PLANTS = [
    ("src/base/error.cc", '#include "kube/meta.h"\n', "base must not include"),
    ("src/kube/meta.cc", '#include "engine/decide.h"\n', "kube must not include"),
    ("src/netbird/requests.cc", '#include "kube/meta.h"\n', "netbird must not include"),
    ("src/engine/queue.cc", '#include "shell/clock.h"\n', "engine must not include"),
    ("src/shell/clock.cc", '#include "kube/meta.h"\n', "shell must not include"),
    ("src/shell/clock.h", "#include <cpprest/http_client.h>\n", "<cpprest/> only in"),
    ("src/cli/run.cc", "#include <spdlog/spdlog.h>\n", "<spdlog/> only in"),
    ("src/shell/clock.cc", "#include <prometheus/gauge.h>\n", "<prometheus/> only in"),
    ("src/shell/clock.cc", "#include <CLI/CLI.hpp>\n", "<CLI/> only in"),
    ("src/cli/run.cc", "#include <yaml-cpp/yaml.h>\n", "<yaml-cpp/> only in"),
    ("src/base/json.cc", "#include <openssl/evp.h>\n", "<openssl/> only in"),
    ("src/kube/meta.cc", "#include <boost/asio.hpp>\n", "<boost/> only in"),
    ("src/engine/queue.cc", "static std::mutex lock;\n", "'std::mutex' is banned"),
    ("src/kube/watch.cc", "static auto t = clock::now();\n", "'::now(' is banned"),
    ("src/base/json.cc", "static void f() { throw 1; }\n", "'throw' is banned"),
    ("src/base/json.cc", "static int g() { return map.at(1); }\n", "'.at(' is banned"),
    ("src/base/json.cc", "static int g() { return maybe.value(); }\n", "'.value()' is banned"),
    ("src/cache/mark.cc", "static std::unordered_map<int, int> m;\n", "unordered_map' is banned"),
    ("src/shell/clock.cc", "using namespace std;\n", "using namespace"),
    ("src/shell/clock.cc", "// TODO: later\n", "TODO without an issue"),
    ("src/shell/clock.cc", "// " + "x" * 98 + "\n", "columns; the limit is 100"),
    ("src/shell/clock.cc", "\n" * 600, "lines; the limit is 600"),
    ("src/shell/clock.h", "\n" * 250, "lines; the limit is 250"),
    ("tests/unit/base/time_test.cc", "\n" * 800, "lines; the limit is 800"),
    ("src/shell/clock.cc", "void long_one() {\n" + "  f();\n" * 70 + "}\n", "a function of 72 lines"),
    ("README.md", "see ../shar" "ed/design.md\n", "has no place in this project"),
    ("README.md", "built in /wor" "k/main\n", "has no place in this project"),
    ("Makefile", "# from pypi.o" "rg\n", "has no place in this project"),
    ("src/planted/bare.h", "struct Bare {};\n", "needs #pragma once"),
    ("src/base/untested.cc", "int untested() { return 1; }\n", "has no tests/unit/base/untested_test.cc"),
    ("tests/tidy/broken.py", "def f(:\n", "does not compile"),
]


def self_test():
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number, (name, planted, expected) in enumerate(PLANTS):
            copy = pathlib.Path(scratch) / str(number)
            for tracked in listed(ROOT):
                if tracked.startswith(("src/", "tests/unit/", "tests/tidy/")) or "/" not in tracked:
                    target = copy / tracked
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / tracked, target)
            before = set(Tidy(copy).run())
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "a", encoding="utf-8") as out:
                out.write(planted)
            new = [b for b in Tidy(copy).run() if b not in before]
            if not any(b.startswith(name + ":") and expected in b for b in new):
                failed += 1
                print(f"not found: {expected!r} in {name}; said: {new}")
            shutil.rmtree(copy)
    print(f"tidy self-test: {len(PLANTS) - failed} of {len(PLANTS)} planted breaches found")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__)
        return 2
    breaches = Tidy(ROOT).run()
    for breach in breaches:
        print(breach)
    print(f"tidy: {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
