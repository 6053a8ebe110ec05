"""Imports run one way, and one module touches one outside thing.

The rules are read off the sources of every room, and tried on planted violations.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent

BASE = {"protocol", "service"}
PARTIES = {"device", "gateway", "headoffice", "provisioning"}
#: Which rooms a room may import, besides itself.
ROOMS = {
    "protocol": set[str](),
    "service": set[str](),
    "device": BASE,
    "gateway": BASE,
    "headoffice": BASE,
    "provisioning": BASE,
    "simulator": BASE | PARTIES,
    "cli": BASE | PARTIES | {"simulator"},
}
#: Which extras a room's outside libraries may come from (None: any). protocol takes msgspec alone, see LIGHT.
EXTRAS: dict[str, set[str] | None] = {
    "device": {"kiosk"},
    "gateway": {"gateway"},
    "headoffice": {"headoffice"},
    "provisioning": {"gateway"},
    "simulator": None,
    "cli": set(),
}
#: The rooms that everything stands on take the standard library and this.
LIGHT = {"protocol": {"msgspec"}, "service": {"msgspec", "apsw"}}
#: Libraries that come with Raspberry Pi OS, not from an index.
PI_ONLY = {"picamera2", "libcamera"}
#: Which modules (with what is inside them) may load a library; naming its types under TYPE_CHECKING is free to all.
OWNERS = {
    "picamera2": {"device.scan"},
    "libcamera": {"device.scan"},
    "pyzbar": {"device.scan"},
    "zxingcpp": {"device.scan"},
    "luma": {"device.display", "simulator"},
    "PIL": {"device.display", "device.scan.pictures", "simulator"},
    "gpiozero": {"device.panel", "device.scan.aim", "simulator"},
    "paho": {"device.link", "gateway.link"},
    "tinydb": {"gateway.store"},
    "apsw": {"service.database", "device.journal", "gateway.group_commit", "headoffice.sqlite", "simulator"},
    "cryptography": {
        "gateway.tls",
        "gateway.keys",
        "headoffice.alarms.rounds",
        "headoffice.vouchers.signing",
        "provisioning",
        "simulator",
    },
    "fastapi": {"headoffice"},
    "sqlalchemy": {"headoffice", "simulator.powercuts"},
}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, and when the import runs."""

    name: str
    line: int
    lazy: bool
    for_types: bool

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Yield every import of a source, also those in functions, under TYPE_CHECKING and by a literal name."""

    def visit(node: ast.AST, *, lazy: bool, for_types: bool) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=name, level=0):
                found = [name or ""]
            case ast.ImportFrom(module=name, level=level):
                package = module.split(".") if is_package else module.split(".")[:-1]
                found = [".".join([*package[: len(package) - level + 1], *filter(None, [name])])]
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                literals = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
                found = [value for value in literals if isinstance(value, str)]
            case _:
                found = []
        for name in found:
            yield Import(name, getattr(node, "lineno", 0), lazy, for_types)
        inside_function = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typed = node.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) else []
        for child in ast.iter_child_nodes(node):
            yield from visit(child, lazy=inside_function, for_types=for_types or child in typed)

    yield from visit(ast.parse(source), lazy=False, for_types=False)


def violations(root: Path) -> list[str]:
    """Return what runs against the rules in the rooms under a folder, one line each."""
    wrong = []
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            module = ".".join(parts[:-1] if is_package else parts)
            for one in imports_of(path.read_text(encoding="utf-8"), module, is_package=is_package):
                reason = against_the_rules(room, module, one)
                if reason:
                    wrong.append(f"{path.relative_to(root)}:{one.line}: {one.name}: {reason}")
    return wrong


def against_the_rules(room: str, module: str, one: Import) -> str | None:
    """Return why a module of a room may not have an import; None where it may."""
    if one.top in sys.stdlib_module_names or one.top == room:
        return None
    if one.top in ROOMS:
        if one.top not in ROOMS[room]:
            return f"{room} may not know {one.top}"
        if room == "cli" and one.top != "service" and not (one.lazy or one.for_types):
            return "the command imports rooms inside functions, so that it starts quickly with whatever is installed"
        return None
    owners = OWNERS.get(one.top, {room})
    if not one.for_types and not any(module == owner or module.startswith(f"{owner}.") for owner in owners):
        return f"only {' and '.join(sorted(owners))} may load {one.top}"
    if room in LIGHT:
        return None if one.top in LIGHT[room] else f"{room} takes the standard library and {', '.join(LIGHT[room])}"
    if one.top in PI_ONLY:
        return None if room == "device" else "only a kiosk has it"
    return outside_the_extras(room, one)


def outside_the_extras(room: str, one: Import) -> str | None:
    """Return why a room may not take an outside library: what it is installed with does not bring it."""
    extras = EXTRAS[room]
    if extras is None or (room == "cli" and one.lazy):
        return None
    distributions = {canonicalize_name(name) for name in installed_packages().get(one.top, [])}
    if distributions & declared(extras):
        return None
    return f"{room} is installed with {' and '.join(sorted(extras)) or 'the base'} only, which does not bring it"


@cache
def installed_packages() -> Mapping[str, list[str]]:
    """Return which distributions bring each package; asked once, because it reads the files of all of them."""
    return packages_distributions()


def declared(extras: set[str]) -> set[str]:
    """Return the distributions that pyproject.toml names for every install and for these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def test_no_import_runs_back() -> None:
    assert violations(ROOT) == []


def test_every_room_is_held_to_the_rules() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) == set(ROOMS)


PLANTED = {
    "protocol/clock.py": ("import numpy", "protocol takes the standard library and msgspec"),
    "protocol/back.py": ("from device.view import View", "protocol may not know device"),
    "service/back.py": ("def f():\n    import protocol.ids", "service may not know protocol"),
    "device/short_cut.py": ("from gateway import binding", "device may not know gateway"),
    "device/typed.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import headoffice",
        "device may not know headoffice",
    ),
    "device/by_name.py": (
        "import importlib\nimportlib.import_module('simulator.bus')",
        "device may not know simulator",
    ),
    "device/screen.py": (
        "from PIL import Image",
        "only device.display and device.scan.pictures and simulator may load PIL",
    ),
    "device/web.py": ("import aiohttp", "device is installed with kiosk only"),
    "device/scan_codes.py": ("import zxingcpp", "only device.scan may load zxingcpp"),
    "gateway/relay.py": (
        "async def f():\n    import paho.mqtt.client",
        "only device.link and gateway.link may load paho",
    ),
    "gateway/store/extra.py": ("from ...device import view", "gateway may not know device"),
    "headoffice/platforms/__init__.py": ("from .. import owner\nfrom ...gateway import relay", "may not know gateway"),
    "simulator/camera.py": ("import picamera2", "only device.scan may load picamera2"),
    "cli/run.py": ("from gateway.main import main", "the command imports rooms inside functions"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found(name: str, tmp_path: Path) -> None:
    source, reason = PLANTED[name]
    plant(tmp_path, name, source)
    (found,) = violations(tmp_path)
    assert found.startswith(f"{name}:")
    assert reason in found


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("device/ports.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from PIL import Image"),
        ("device/scan/reader.py", "import zxingcpp\nfrom . import codes\nfrom protocol import ids"),
        ("device/scan/picamera.py", "def start():\n    from picamera2 import Picamera2"),
        ("gateway/link.py", "import paho.mqtt.client as mqtt"),
        ("simulator/bus.py", "import PIL.Image, gpiozero\nimport device.main, gateway.main, headoffice.main"),
        ("cli/main.py", "import typer, service.logs\ndef run():\n    import gateway.main"),
    ],
)
def test_what_the_rules_allow_passes(name: str, source: str, tmp_path: Path) -> None:
    plant(tmp_path, name, source)
    assert violations(tmp_path) == []


def plant(root: Path, name: str, source: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")


#: Modules that decide or describe: loading them loads nothing that touches the outside.
PURE = ["device.counter", "device.view", "device.ports", "gateway.binding", "service.config", "cli.main"]


@pytest.mark.parametrize("module", [*(f"protocol.{path.stem}" for path in (ROOT / "protocol").glob("*.py")), *PURE])
def test_a_pure_module_loads_nothing_heavy(module: str) -> None:
    heavy = (
        set(OWNERS) | PI_ONLY | {"numpy", "cv2", "asyncio", "multiprocessing", "aiohttp", "cryptography", "pydantic"}
    )
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert heavy & set(done.stdout.split()) == set()
