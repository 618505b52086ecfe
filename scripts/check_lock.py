"""Do the locks still say what pyproject.toml asks for? Needs no network.

Every dependency (of the product, of the build, of the dev group) must be pinned in its lock at a version
that it allows; every pin must carry hashes; no host and no path may stand in a lock; both locks must agree.
Exit 1 names each thing that is wrong, and `make lock` mends it.
"""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


def pins(text: str) -> dict[str, str]:
    """Read a lock: canonical name to version. Of two versions for two platforms the last."""
    found = (PIN.match(line) for line in text.splitlines())
    return {canonicalize_name(m["name"]): m["version"] for m in found if m}


def faults(lock: str, wanted: list[str]) -> list[str]:
    """List what is wrong with one lock, measured at the requirements that it must hold."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pinned, wrong = pins(text), []
    for requirement in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None:
            wrong.append(f"{lock}: {requirement.name} is not there")
        elif not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{lock}: {requirement.name} {version} is not {requirement.specifier}")
    entries = re.split(r"\n(?=\S)", text.strip())
    wrong += [
        f"{lock}: no hash for {entry.split(maxsplit=1)[0]}"
        for entry in entries
        if "--hash=sha256:" not in entry
    ]
    if re.search(r"://|--(extra-)?index|--find-links| @ ", text):
        wrong.append(f"{lock}: names a host or a path")
    return wrong


def main() -> int:
    """Print every fault and return 1 if there is one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    run = [*project["project"]["dependencies"], *groups["build"]]
    wrong = faults("requirements.lock", run) + faults("requirements-dev.lock", [*run, *groups["dev"]])
    ours = pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    theirs = pins((ROOT / "requirements-dev.lock").read_text(encoding="utf-8"))
    wrong += [
        f"{name} is {version} in requirements.lock and {theirs.get(name, 'missing')} in requirements-dev.lock"
        for name, version in ours.items()
        if theirs.get(name) != version
    ]
    for line in wrong:
        print(line)
    if wrong:
        print("`make lock` writes both anew.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
