import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
assert "numpy" not in sys.modules
import indexer
assert "numpy" not in sys.modules
print(os.environ["OPENBLAS_NUM_THREADS"])
"""


@pytest.mark.parametrize(("given", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_one_thread_of_linear_algebra_unless_told_otherwise_before_numpy_reads_it(given, threads):
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == threads
