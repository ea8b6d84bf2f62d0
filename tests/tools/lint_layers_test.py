"""The lint finds what it is there for: python3 lint_layers_test.py LINT."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

LINT = pathlib.Path(sys.argv.pop(1))


class LintLayersTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write("include/elmo/error.h", "#include <string>\n")
        self.write("src/io/file.cc", '#include <hdf5.h>\n#include "base/a.h"\n#include "elmo/error.h"\n')
        self.write("src/io/CMakeLists.txt", "target_sources(x PRIVATE file.cc)\n")
        self.write("tests/io/file_test.cc", '#include "io/file.h"\n')
        self.write("tests/io/CMakeLists.txt", "elmo_test(io_file_test file_test.cc)\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def lint(self):
        done = subprocess.run([sys.executable, LINT, self.root], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1 if done.stderr else 0)
        return done.stderr

    def test_accepts_a_clean_tree(self):
        self.assertEqual(self.lint(), "")

    def test_finds_an_include_from_above(self):
        self.write("src/base/a.h", '#include "base/b.h"\n#include "io/file.h"\n')
        self.assertEqual(self.lint(), "src/base/a.h:2: includes io/file.h, but io lies above base\n")

    def test_finds_a_library_outside_its_home(self):
        for header, home in [("hdf5.h", "src/io"), ("oneapi/dnnl/dnnl.hpp", "src/compute"),
                             ("sentencepiece_processor.h", "src/text"),
                             ("boost/program_options.hpp", "tools")]:
            self.write("src/lm/model.h", f"#include <{header}>\n")
            self.assertEqual(self.lint(), f"src/lm/model.h:1: includes {header}, "
                                          f"which belongs to {home} alone\n")

    def test_finds_a_library_in_a_public_header(self):
        for line in ["#include <fmt/format.h>", "#include <xxhash.h>", '#include "base/file.h"']:
            self.write("include/elmo/model.h", line + "\n")
            self.assertIn("include/elmo/model.h:1: a public header includes", self.lint())

    def test_finds_sources_and_tests_that_nobody_builds(self):
        self.write("src/io/other_file.cc", "")
        self.write("tests/io/other_test.cc", "")
        self.assertEqual(self.lint().splitlines(), [
            f"{name}: is in no CMakeLists.txt, so nobody builds or runs it"
            for name in ("src/io/other_file.cc", "tests/io/other_test.cc")])

    def test_finds_a_test_that_skips_inside_itself(self):
        for line in ('GTEST_' 'SKIP() << "no root";', '@unittest.' 'skipUnless(x, "no x")',
                     'pytest.' 'skip("no x")'):
            self.write("tests/io/file_test.cc", f"\n{line}\n")
            self.assertEqual(self.lint(), "tests/io/file_test.cc:2: skips inside itself; let NEEDS "
                                          "say what the test wants\n")


if __name__ == "__main__":
    unittest.main()
