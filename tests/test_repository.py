"""What the repository may not hold, and that the pinned requirements follow the declared ones."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import chain, pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Put together from pieces, so that this file is no hit itself.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pythonhosted", "org"),
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
        ("anaconda", "org"),
        ("crates", "io"),
    )
]
FOLDERS = ["/" + folder + "/" for folder in ("work", "root", "home", "opt", "Users")]
FORBIDDEN = re.compile(
    "|".join([*(re.escape(host) for host in HOSTS), *(rf"(?<![\w.~}}-]){folder}" for folder in FOLDERS)])
)


def project_files() -> list[Path]:
    """The files under version control and those about to be; without a checkout, all that are not hidden."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split("\0")
        files = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        files = [file for file in ROOT.rglob("*") if not any(part[0] == "." for part in file.relative_to(ROOT).parts)]
    return sorted(file for file in files if file.is_file())


def forbidden_in(text: str) -> list[str]:
    return [match.group() for match in FORBIDDEN.finditer(text)]


def test_no_index_address_and_no_path_of_a_machine() -> None:
    hits = {}
    for file in project_files():
        found = forbidden_in(file.read_bytes().decode("utf-8", errors="replace"))
        if found:
            hits[str(file.relative_to(ROOT))] = found
    assert hits == {}


@pytest.mark.parametrize(
    "text", [*(f"see https://files.{host}/x" for host in HOSTS), *(f"file://{x}y" for x in FOLDERS)]
)
def test_planted_addresses_and_paths_are_seen(text: str) -> None:
    assert forbidden_in(text)


@pytest.mark.parametrize(
    "text", ["https://example.org/work/x", "abm/data", "tests/work/x", "~/work/x", "${HOME}/opt/x"]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert not forbidden_in(text)


def test_every_declared_requirement_is_pinned_with_hashes() -> None:
    """If this fails, run .ci/lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    declared = [*project["project"]["dependencies"], *chain(*extras), *project["dependency-groups"]["dev"]]
    declared = [each for each in declared if not each.startswith(project["project"]["name"])]
    names = {re.split(r"[^\w.-]", each)[0].lower().replace("_", "-") for each in declared}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}
    assert names <= pinned
    for line, following in pairwise(lines):
        if "==" in line:
            assert following.strip().startswith("--hash=sha256:"), line


def test_scripts_are_executable() -> None:
    for name in ("run", "lock"):
        assert (ROOT / ".ci" / name).stat().st_mode & 0o111
