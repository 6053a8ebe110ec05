"""Adapters by name: which class stands behind a port is a line of configuration, found by entry point.

The product's own rooms and the simulator register theirs under ``hexiao.adapters`` as ``<port>.<name>``, so a kiosk's
install, which has no simulator, cannot be configured into a rehearsal.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import msgspec

from service.config import Section, convert_config

GROUP = "hexiao.adapters"


class AdapterChoice(Section, frozen=True, kw_only=True):
    """Which adapter stands behind a port, and the options that this adapter itself declares."""

    adapter: str
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class AdapterMissingError(LookupError):
    """No installed package offers the adapter that the configuration names."""


def build_adapter(port: str, choice: AdapterChoice) -> Any:  # noqa: ANN401 - what an adapter is, its port says
    """Return the chosen adapter, made with its own options.

    An adapter is a class with an attribute ``Options`` (a Section) and a constructor that takes one. Raises
    AdapterMissingError, or ConfigError with the path of the wrong option.
    """
    adapter = load_adapter(port, choice.adapter)
    return adapter(convert_config(choice.options, adapter.Options, where=f"$.{port}.options"))


def load_adapter(port: str, name: str) -> Any:  # noqa: ANN401 - a class, found by its name
    """Return the factory registered as ``<port>.<name>``; raise AdapterMissingError naming those that are there."""
    wanted = f"{port}.{name}"
    for entry in entry_points(group=GROUP, name=wanted):
        return entry.load()
    offered = sorted(
        entry.name.removeprefix(f"{port}.") for entry in entry_points(group=GROUP) if entry.name.startswith(f"{port}.")
    )
    msg = f"no adapter {name!r} for the {port} is installed here; there is: {', '.join(offered) or 'none'}"
    raise AdapterMissingError(msg)
