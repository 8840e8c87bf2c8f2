"""A GitHub to test against: a real HTTP server on loopback with the calls that we make.

`Simulator` in a test, `python -m tests.github_simulator` beside other processes.
"""

from tests.github_simulator.seed import Seed, SeedRelease, SeedRepository
from tests.github_simulator.server import Simulator

__all__ = ["Seed", "SeedRelease", "SeedRepository", "Simulator"]
