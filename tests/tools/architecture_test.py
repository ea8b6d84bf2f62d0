"""What docs/architecture.md and docs/terms.md name exists: python3 architecture_test.py."""
import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ("architecture.md", "terms.md")]
SOURCES = {path: path.read_text(encoding="utf-8") for top in ("src", "include", "tools", "tests")
           for path in sorted((ROOT / top).rglob("*")) if path.suffix in (".h", ".cc", ".py")}
FILE = r"[\w./-]+\.(?:h|cc|py|txt|sh)"


def file_of(name):
    """The file or folder that a page means; None: there is none."""
    for top in (ROOT, ROOT / "src"):
        if (top / name).exists():
            return top / name
    return None


def defines(text, name):
    """Is `name` declared there: a type, a function, a member, or a name in a file?"""
    word = re.escape(name)
    type_of_that_name = rf"(class|struct|enum class|using|concept) (ELMO_API )?{word}\b"
    function_or_member = rf"[\w>&*] [&*]?(\w+::)?{word}(\(|<|\{{|\[| = )"
    return f'"{name}"' in text or re.search(type_of_that_name, text) or re.search(function_or_member, text)


def wrong_names(page):
    wrong = []
    text = page.read_text(encoding="utf-8")
    # "`name` (`file`)", "`name` and `other` (`file`)": the names are declared in that file, or in the
    # header or source beside it.
    for names, name in re.findall(
            rf"((?:`[A-Za-z_:]+`(?:,| and)?\s+)+)\(`({FILE})`", text):
        path = file_of(name)
        if path is None:
            continue  # told below
        near = "".join(SOURCES.get(path.with_suffix(suffix), "") for suffix in (".h", ".cc"))
        for one in re.findall(r"`([A-Za-z_:]+)`", names):
            if not all(defines(near, part) for part in one.split("::")):
                wrong.append(f"`{one}` is not declared in {name}")
    for name in re.findall(r"`([^`\n]+)`", text):
        if "NAME" in name or name.startswith("-"):
            continue
        if re.fullmatch(FILE, name) or re.fullmatch(r"(src|tests|tools|include)/[\w./]*", name):
            if file_of(name) is None:
                wrong.append(f"there is no file {name}")
        elif re.fullmatch(r"[A-Z]\w*[a-z]\w*(::\w+)?|\w+_\w+|k[A-Z]\w+", name):
            parts = name.split("::")
            if not any(all(defines(source, part) for part in parts) for source in SOURCES.values()):
                wrong.append(f"nothing declares `{name}`")
    return wrong


class ArchitectureTest(unittest.TestCase):
    def test_names(self):
        for page in PAGES:
            self.assertEqual(wrong_names(page), [], page.name)

    def test_every_folder_is_on_the_page(self):
        text = PAGES[0].read_text(encoding="utf-8")
        for folder in (ROOT / "src").iterdir():
            if folder.is_dir():
                self.assertIn(f"| `src/{folder.name}/` |", text)

    def test_wrong_names_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text("`run_trainers` (`train/schedule.h`), `base/nothing.h`, `NoSuchClass`: "
                            "`no_such_name`; `Engine::fly`. `Trainer` (`train/trainer.h`)")
            self.assertEqual([re.search(r"run_trainers|NoSuch|no_such|fly|base.nothing", one)[0]
                              for one in wrong_names(page)],
                             ["run_trainers", "base/nothing", "NoSuch", "no_such", "fly"])


if __name__ == "__main__":
    unittest.main()
