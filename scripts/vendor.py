"""Copy the pages' JavaScript of others into app/console/static/vendor, with licences and a list of SHA-256.

Without arguments: fetch by npm exactly what scripts/vendor/package-lock.json names, copy, write the list.
With `--check` (no network, no Node): the files are the listed ones, none is missing and none is extra.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ROOT / "scripts" / "vendor"
TARGET = ROOT / "app" / "console" / "static" / "vendor"
LIST = TARGET / "SHA256SUMS"
FILES = {  # in the package: here
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "htmx-ext-sse/dist/sse.min.js": "htmx-ext-sse.min.js",
    "htmx-ext-sse/LICENSE": "htmx-ext-sse.LICENSE",
}


def sums() -> dict[str, str]:
    """Name to SHA-256 of every file there is, but for the list itself."""
    found = (file for file in sorted(TARGET.iterdir()) if file != LIST)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in found}


def fetch() -> None:
    """Fill the folder anew and write the list, in the form that `sha256sum -c` reads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(LOCKED / file, folder)
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is needed to fetch the files; --check needs none")
        subprocess.run(  # noqa: S603 (our own lock, no scripts run)
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
        )
        shutil.rmtree(TARGET, ignore_errors=True)
        TARGET.mkdir(parents=True)
        for source, target in FILES.items():
            shutil.copyfile(folder / "node_modules" / source, TARGET / target)
    LIST.write_text("".join(f"{digest}  {name}\n" for name, digest in sums().items()), encoding="utf-8")


def check() -> int:
    """Print every difference between the files and the list; return 1 if there is one."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = sums()
    wrong = [
        name for name in sorted({*listed, *there, *FILES.values()}) if listed.get(name) != there.get(name)
    ]
    wrong += [name for name in FILES.values() if name not in there]
    for name in wrong:
        print(f"{TARGET.relative_to(ROOT)}/{name} is not the file that SHA256SUMS names")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    fetch()
