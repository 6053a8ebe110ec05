"""Configuration: TOML files, later ones over earlier ones, converted into a frozen msgspec Struct.

Vendor defaults lie in the Struct itself, the operator's file in /etc. Every mistake is named by its path in the file,
and a misspelt key by the nearest one that exists.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

ConfigT = TypeVar("ConfigT", bound="Section")

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`(?: - at `(?P<path>[^`]*)`)?")


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names file, path and what to do."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a configuration file.

    Fields named ``*token``, ``*password`` or ``*secret`` are masked when shown.
    """


def load_config(kind: type[ConfigT], *files: Path) -> ConfigT:
    """Read and merge TOML files and return the typed configuration; raise ConfigError for anything unusable."""
    merged: dict[str, Any] = {}
    for file in files:
        try:
            merged = _merge(merged, tomllib.loads(file.read_text(encoding="utf-8")))
        except OSError as error:
            msg = f"{file}: cannot be read ({error.strerror}); name a configuration file with --config"
            raise ConfigError(msg) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{file}: is not TOML: {error}"
            raise ConfigError(msg) from error
    try:
        return convert_config(merged, kind)
    except ConfigError as error:
        msg = f"{', '.join(str(file) for file in files)}: {error}"
        raise ConfigError(msg) from error


def convert_config(values: dict[str, Any], kind: type[ConfigT], where: str = "$") -> ConfigT:
    """Return plain values as a typed section; raise ConfigError naming the path below ``where``."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(kind, str(error)).replace("`$", f"`{where}")) from error


def shown(config: Section) -> dict[str, Any]:
    """Return the merged configuration as plain values, secrets masked, for ``check`` to print."""
    return {name: _masked(name, getattr(config, name)) for name in config.__struct_fields__}


def missing_files(section: Section, where: str, names: tuple[str, ...], cure: str) -> list[str]:
    """Return a sentence for each of a section's fields that names a file which is not there, with the cure."""
    return [
        f"{where}.{name}: there is no file {path}; {cure}"
        for name in names
        if not Path(path := str(getattr(section, name))).is_file()
    ]


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _masked(name: str, value: object) -> object:
    if isinstance(value, Section):
        return shown(value)
    if isinstance(value, tuple | list):
        return [_masked(name, item) for item in value]
    if isinstance(value, dict):
        return {key: _masked(str(key), item) for key, item in value.items()}
    if name.endswith(("token", "password", "secret")) and value:
        return "***"
    if name.endswith("url") and isinstance(value, str):
        return re.sub(r"(://[^:/@]+):[^@]*@", r"\1:***@", value)
    return msgspec.to_builtins(value, builtin_types=(), enc_hook=str)


def _explain(kind: type[Section], text: str) -> str:
    """Turn msgspec's word on an unknown key into one that names the whole path and the nearest key."""
    found = _UNKNOWN.search(text)
    if found is None:
        return text
    parent = found["path"] or "$"
    near = difflib.get_close_matches(found["name"], _keys_at(kind, parent), n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown key `{parent}.{found['name']}`{hint}"


def _keys_at(kind: type[Section], path: str) -> list[str]:
    """Return the keys of the Struct that a JSON path such as ``$.camera`` or ``$.stores[0]`` leads to."""
    here: Any = kind
    for step in re.findall(r"[A-Za-z_]\w*", path.removeprefix("$")):
        field = next((f for f in msgspec.structs.fields(here) if f.encode_name == step), None)
        if field is None:
            return []
        here = _struct_in(field.type)
        if here is None:
            return []
    return [f.encode_name for f in msgspec.structs.fields(here)]


def _struct_in(annotation: object) -> Any:  # noqa: ANN401 - a type or None, as typing gives it
    """Return the Section inside an annotation such as ``Camera | None`` or ``tuple[Store, ...]``, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        inner = _struct_in(part)
        if inner is not None:
            return inner
    return None
