"""Runs the examples of docs/frameworks.md as they stand there; their vectors are, bit by bit, those of
one process."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = dict(re.findall(r"^## (\w+)\n.*?^```python\n(.*?)^```",
                           (ROOT / "docs/frameworks.md").read_text("utf-8"), re.M | re.S))

# Two workers on a machine whose name leads nowhere.
SETTINGS = {
    "Spark": {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS":
              "--master local[2] --conf spark.ui.enabled=false --conf spark.driver.memory=1g "
              "--conf spark.sql.execution.arrow.maxRecordsPerBatch=64 pyspark-shell"},
    "Ray": {"RAY_USAGE_STATS_ENABLED": "0"},
    "Dask": {"DASK_DISTRIBUTED__DASHBOARD__ENABLED": "false"},
}
BEFORE = """\
lines = open("text.txt", encoding="utf-8").read().splitlines()
if __name__ == "__main__":
"""
AFTER = """
    import numpy
    found = result if isinstance(result, numpy.ndarray) else numpy.stack(
        [numpy.asarray(one, numpy.float32) for one in result["vector"]])
    alone = elmo.load("model").embed(lines, layers="top", pool="mean", threads=2)
    assert found.dtype == alone.dtype and found.shape == alone.shape, (found.dtype, found.shape)
    assert (found == alone).all()
    print("equal bits of", len(found))
"""


def test_every_example_is_run():
    assert set(EXAMPLES) == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_example(made, tmp_path, name):
    code = EXAMPLES[name]
    assert 10 <= code.count("\n") <= 16
    # Dask's workers import the program, so what begins them must not run there.
    head, start = re.split(r"(?m)^(?=spark =|texts =|client =)", code, maxsplit=1)
    program = tmp_path / "program.py"
    program.write_text(head + BEFORE + re.sub("(?m)^(?=.)", "    ", start) + AFTER, "utf-8")
    done = subprocess.run([sys.executable, program], cwd=made, capture_output=True, text=True,
                          timeout=600, env={**os.environ, **SETTINGS[name],
                                            "PYSPARK_PYTHON": sys.executable,
                                            "PYSPARK_DRIVER_PYTHON": sys.executable})
    assert done.returncode == 0, done.stderr[-3000:]
    assert "equal bits of 300" in done.stdout
