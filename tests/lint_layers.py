"""Checks that the house keeps its layers: python3 tests/lint_layers.py [ROOT].

A folder of src/ includes only from itself and the folders below it; each library has one home;
public headers name no other library; every source and every test is in the build; no test skips
inside itself.
"""
import pathlib
import re
import sys

LAYERS = ["base", "compute", "parallel", "nn", "io", "text", "train", "lm", "embed", "task", "info",
          "plot", "python"]
# Headers of a library -> the only folder that may include them.
HOMES = {
    r"(oneapi/)?dnnl": "src/compute",
    r"hdf5|H5": "src/io",
    r"sentencepiece": "src/text",
    r"boost/program_options": "tools",
    r"mpi\.h": "src/parallel",
}
SKIP = re.compile(r"GTEST_SKIP|unittest\.skip|skipTest|pytest\.(skip|importorskip|mark\.(skip|xfail))")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == '"', match[2]


def sources(root, *tops):
    return sorted(path for top in tops for path in (root / top).rglob("*")
                  if path.suffix in (".h", ".cc"))


def problem_of_include(path, quoted, header):
    """What is wrong with this include in a file of src, include or tools; None if nothing is."""
    top, folder = path.parts[0], path.parts[1]
    if top == "include":
        if quoted and header.startswith("elmo/"):
            return None
        if quoted or "/" in header or "." in header:
            return f"a public header includes {header}; only elmo/ and the C++ library may be there"
        return None
    for pattern, home in HOMES.items():
        if re.match(pattern, header) and not path.is_relative_to(home):
            return f"includes {header}, which belongs to {home} alone"
    if not quoted:
        return None
    target = header.split("/")[0]
    if target == "elmo" or (top == "tools" and target in LAYERS + ["tools"]):
        return None
    if "/" not in header or target not in LAYERS:
        return f'includes "{header}"; write the path from src/, or elmo/ for public headers'
    if folder not in LAYERS or LAYERS.index(target) > LAYERS.index(folder):
        return f"includes {header}, but {target} lies above {folder}"
    return None


def is_listed(root, path):
    """Is this source named in a CMakeLists.txt of its folder or one above?"""
    for folder in (root / path).parents:
        lists = folder / "CMakeLists.txt"
        if lists.exists():
            name = re.escape((root / path).relative_to(folder).as_posix())
            if re.search(rf"(^|[\s(/]){name}([\s)]|$)", lists.read_text(encoding="utf-8"), re.M):
                return True
        if folder == root:
            return False
    return False


def problems(root):
    for path in sources(root, "include", "src", "tools"):
        relative = path.relative_to(root)
        for number, quoted, header in includes(path):
            problem = problem_of_include(relative, quoted, header)
            if problem:
                yield f"{relative}:{number}: {problem}"
    built = [path for path in sources(root, "src", "tools") if path.suffix == ".cc"]
    built += sorted((root / "tests").rglob("*_test.cc")) + sorted((root / "tests").rglob("*_test.py"))
    for path in built:
        relative = path.relative_to(root)
        if not is_listed(root, relative):
            yield f"{relative}: is in no CMakeLists.txt, so nobody builds or runs it"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if relative.parts[0] == "tests" and SKIP.search(line):
                yield f"{relative}:{number}: skips inside itself; let NEEDS say what the test wants"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(problems(root))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
