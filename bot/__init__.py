"""Horde Jury: a Discord bot with which a community rates AI-generated images."""

from importlib.metadata import PackageNotFoundError, version

PROJECT_ADDRESS = "https://github.com/horde-jury/horde-jury"

try:
    __version__ = version("horde-jury")
except PackageNotFoundError:  # read from a checkout that was never installed
    __version__ = "0"

CLIENT_AGENT = f"horde-jury:{__version__}:{PROJECT_ADDRESS}"
