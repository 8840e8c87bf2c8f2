"""What the tests of a whole server share with the App's own."""

from tests.app.conftest import _quick_lanes, fresh_jobs  # noqa: F401
