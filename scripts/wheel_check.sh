#!/usr/bin/env bash
# Builds the wheel, installs it into an empty venv and runs it in an empty folder: what only works in a checkout fails here.
set -euo pipefail
python=$(cd "$(dirname "${1:?which python, with hatchling}")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

(cd "$root" && "$python" -m hatchling build -t wheel -d "$folder/dist")
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes -r "$root/requirements.lock"
"$folder/venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps "$folder"/dist/*.whl

mkdir "$folder/empty" && cd "$folder/empty"
unset PYTHONPATH
for words in "--version" "scheme check" "migrate" "seed --profile tiny" "doctor --help"; do
    echo "jiaoying $words"
    # shellcheck disable=SC2086 # the words are meant to be split
    "$folder/venv/bin/jiaoying" $words
done
"$folder/venv/bin/python" - <<'PY'
from pathlib import Path
import app
here = Path(app.__file__).parent
wanted = ["console/templates", "console/static/vendor", "_bundled/config/district.yaml", "_bundled/data", "_bundled/migrations/env.py"]
missing = [name for name in wanted if not (here / name).exists()]
assert not missing, f"not in the wheel: {missing}"
assert list(here.rglob("*.xsd")), "no XSD in the wheel"
PY
echo "The wheel works without its checkout."
