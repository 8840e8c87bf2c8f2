"""Which version of the App this is, as it was installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("oncall-intern")
except PackageNotFoundError:
    VERSION = "(not installed)"
