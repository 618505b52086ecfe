"""The demo's files as a careless hand leaves them: what must be read all the same, and what must be refused.

Read all the same: a byte order mark, GBK, full-width digits, spaces at the ends, a village without anybody.
Refused, each row by itself: a code twice, a parent that the code does not say, a parent that is not there, a
number that could ring in an invented row, a post of nobody, a turn that ends before it begins.
"""

from pathlib import Path
from typing import NamedTuple

EMPTY_VILLAGE = "500153001099"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


class Spoilt(NamedTuple):
    """A row that the import must refuse: file, line, code of the fault."""

    file: str
    line: int
    code: str


def spoil(folder: Path) -> list[Spoilt]:
    """Spoil a written demo. Returns the rows that must be refused, in the order of file and line."""
    spoilt: list[Spoilt] = []
    # Put together, so that no number that could ring stands in any file of ours.
    ringing = "1" + "3" * 10
    bad = {
        "places.csv": (
            (f"{EMPTY_VILLAGE},空村,village,500153001", None),
            ("500153001,又一个昌元街道,town,500153", "duplicate-code"),
            ("500153002098,错挂的村,village,500153001", "wrong-parent"),
            ("500153001097,无主的村,village,500153099", "unknown-parent"),
        ),
        "people.csv": ((f"P-XX-00001,甲谷雨,{ringing},true", "real-phone"),),
        "posts.csv": (("500153001,town.duty,P-XX-00001,9,true", "unknown-person"),),
        "shifts.csv": (
            ("500153001,town.duty,P-01-00007,9,2026-07-15T08:30,2026-07-15T08:30,true", "bad-time"),
        ),
    }
    for file, rows in bad.items():
        lines = (folder / file).read_text(encoding="utf-8").splitlines()
        width = lines[0].count(",")
        for row, code in rows:
            cells = row + "," * (width - row.count(","))
            lines.append(cells[:-1] + ",true" if file == "places.csv" else cells)
            if code is not None:
                spoilt.append(Spoilt(file, len(lines), code))
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    _disguise(folder)
    return spoilt


def _disguise(folder: Path) -> None:
    """Write the files in other encodings and widths, all of which say the same."""
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(people, encoding="utf-8-sig")
    points = (folder / "risk_points.csv").read_text(encoding="utf-8")
    (folder / "risk_points.csv").write_text(points, encoding="gb18030")
    lines = (folder / "households.csv").read_text(encoding="utf-8").splitlines()
    wide = [lines[0]]
    for n, line in enumerate(lines[1:]):
        code, name, rest = line.split(",", 2)
        wide.append(f"{code.translate(FULL_WIDTH) if n % 2 else code} , {name} ,{rest} ")
    (folder / "households.csv").write_text("\r\n".join(wide) + "\r\n", encoding="utf-8", newline="")
