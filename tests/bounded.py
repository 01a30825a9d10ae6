"""A bound for input that is made to be slow.

How fast the tool is stands in the benchmark. These tests only show that hostile input *ends*: what
they guard against takes minutes or forever. So they count this process' own CPU time, which a busy
machine does not change, and allow many times what is used.
"""

import time
from contextlib import contextmanager

CPU_SECONDS = 10.0


@contextmanager
def bounded(cpu_seconds=CPU_SECONDS):
    """The block ends within this much CPU time of its own."""
    before = time.process_time()
    yield
    used = time.process_time() - before
    assert used < cpu_seconds, f"{used:.1f} s of CPU time"
