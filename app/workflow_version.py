"""The version of the jobs: another one as soon as the code that their steps come from has changed.

A job goes on by the steps that it recorded, in their order; those of other code would lead it
astray. To begin anew costs little.
"""

import hashlib
from functools import cache
from pathlib import Path

# What is recorded follows from these: which steps there are, in which order, and what they return.
SOURCES = (
    "job_kinds",
    "jobs",
    "repository_jobs",
    "repository_steps",
    "stepping",
    "steps",
)


@cache
def workflow_version() -> str:
    """The version, as a few hexadecimal digits."""
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]
