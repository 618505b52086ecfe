"""Typed rows of places → rows of the tables, or faults; nothing is written here."""

import re
from collections.abc import Mapping

from app.directory.known import Known, Spot
from app.directory.sheets import Row, Sheet, Values

# Which levels may stand directly above a level, and the form of its code: "in" must be its parent's or its
# village's own code.
_ABOVE = {
    "district": (),
    "town": ("district",),
    "village": ("town",),
    "grid": ("village",),
    "group": ("grid", "village"),
    "risk_point": ("village",),
    "bureau": ("district",),
    "neighbour": ("district",),
    "reservoir": ("village", "town", "district"),
    "facility": ("village", "town"),
    "household": ("group",),  # last: its risk point must be known
}
_FORM = {
    "district": re.compile(r"\d{6}"),
    "town": re.compile(r"(?P<in>\d{6})\d{3}"),
    "village": re.compile(r"(?P<in>\d{9})\d{3}"),
    "grid": re.compile(r"(?P<in>\d{12})-G\d{2,3}"),
    "group": re.compile(r"(?P<in>\d{12})-S\d{2,3}"),
    "household": re.compile(r"(?P<in>\d{12})-H\d{4,5}"),
    "neighbour": re.compile(r"(?P<in>\d{6})-N\d{2}"),
}
_ORDER = tuple(_ABOVE)


def places(sheets: Mapping[str, Sheet], known: Known) -> tuple[list[Values], list[Values]]:
    """Place rows, parents before children, and household rows. Accepted places are added to ``known``."""
    waiting: list[tuple[Sheet, Row, Values]] = []
    for file, shape in (
        ("places.csv", _place),
        ("risk_points.csv", _risk_point),
        ("households.csv", _household),
    ):
        if file in sheets:
            waiting += [(sheets[file], row, shape(row.values)) for row in sheets[file].rows]
    waiting.sort(key=lambda item: _ORDER.index(item[2]["level"]))
    seen: set[str] = set()
    taken: list[Values] = []
    households: list[Values] = []
    for sheet, row, place in waiting:
        fault = _place_fault(place, known, seen)
        if fault:
            sheet.refuse(row.line, *fault)
            continue
        seen.add(place["id"])
        above = known.places.get(place["parent_id"] or "")
        town: str | None = above.town if above else None
        village: str | None = above.village if above else None
        if place["level"] == "town":
            town = place["id"]
        if place["level"] == "village":
            village = place["id"]
        known.places[place["id"]] = Spot(place["level"], town, village, place["synthetic"])
        taken.append({**place, "district": known.district, "town_code": town})
        if place["level"] == "household":
            values = row.values
            households.append(
                {
                    "place_id": place["id"],
                    "district": known.district,
                    "town_code": town,
                    "village_id": village,
                    "group_id": place["parent_id"],
                    "people": values["people"],
                    "vulnerable": values["vulnerable"] or None,
                    "age": values["age"],
                    "risk_point_id": values["risk_point"] or None,
                }
            )
    return taken, households


def _place(values: Values) -> Values:
    also = values["also"]
    return {
        "id": values["code"],
        "name": values["name"],
        "level": values["level"],
        "parent_id": values["parent"] or None,
        "kind": values["kind"],
        "lon": values["lon"],
        "lat": values["lat"],
        "population": values["population"],
        "households": values["households"],
        "synthetic": values["synthetic"],
        "extra": {
            **({"note": values["note"]} if values["note"] else {}),
            **({"also": [name.strip() for name in also.split(";")]} if also else {}),
        },
    }


def _risk_point(values: Values) -> Values:
    extra = {name: values[name] for name in ("risk_code", "threatened", "muster_place", "route", "gauge")}
    return {
        "id": values["code"],
        "name": values["name"],
        "level": "risk_point",
        "parent_id": values["village"],
        "kind": values["kind"],
        "lon": values["lon"],
        "lat": values["lat"],
        "population": None,
        "households": None,
        "synthetic": values["synthetic"],
        "extra": {k: v for k, v in extra.items() if v is not None},
    }


def _household(values: Values) -> Values:
    return {
        "id": values["code"],
        "name": values["name"],
        "level": "household",
        "parent_id": values["group"],
        "kind": values["vulnerable"] or None,
        "lon": None,
        "lat": None,
        "population": values["people"],
        "households": 1,
        "synthetic": values["synthetic"],
        "extra": {},
        "risk_point": values["risk_point"],
    }


def _place_fault(place: Values, known: Known, seen: set[str]) -> tuple[str, str] | None:
    code, level, before = place["id"], place["level"], known.places.get(place["id"])
    if code in seen:
        return "duplicate-code", "this code stands in an earlier row"
    if code in known.elsewhere:
        return "another-district", "this code belongs to a place of another district"
    if before and before.level != level:
        return "wrong-level", f"this code is a {before.level} in the directory"
    if before and before.synthetic and not place["synthetic"]:
        return "synthetic-kept", "what is synthetic stays so; enter the real place under its own code"
    form = _FORM.get(level)
    if form and not form.fullmatch(code):
        return "bad-code", f"the code has not the form of a {level}"
    if not form and any(other.fullmatch(code) for other in _FORM.values()):
        return "bad-code", f"the code of a {level} must not look like a division's"
    return _chain_fault(place, known)


def _chain_fault(place: Values, known: Known) -> tuple[str, str] | None:
    code, level, parent, threat = (
        place["id"],
        place["level"],
        place["parent_id"],
        place.pop("risk_point", None),
    )
    if level == "district":
        place["parent_id"] = None  # what is above the district (5001, its city) is not kept
        fits = code == known.district and parent in {None, code[:4]}
        return None if fits else ("another-district", "this is not the district that is being imported")
    above = known.places.get(parent or "")
    if above is None:
        return "unknown-parent", "its parent is in no file and not in the directory, or was refused"
    if above.level not in _ABOVE[level]:
        return "wrong-parent", f"a {level} cannot stand under a {above.level}"
    form = _FORM.get(level)
    match = form.fullmatch(code) if form else None
    if match and match["in"] not in {parent, above.village}:
        return "wrong-parent", "its code says another parent"
    if threat and (threat not in known.places or known.places[threat].level != "risk_point"):
        return "unknown-risk-point", "the risk point is in no file and not in the directory"
    return None


def place_codes(sheet: Sheet, known: Known, held: Mapping[tuple[str, str], str]) -> list[Values]:
    """Rows of other codes. ``held``: (list, code) → place, of any district."""
    rows: dict[tuple[str, str], Values] = {}
    for row in sheet.rows:
        key = (row.values["system"], row.values["code"])
        place = row.values["place"]
        if place not in known.places:
            sheet.refuse(row.line, "unknown-place", "the place is in no file and not in the directory")
        elif key in rows or (key in held and held[key] not in known.places):
            sheet.refuse(row.line, "duplicate-code", "this list already gives this code to a place")
        else:
            rows[key] = {"system": key[0], "code": key[1], "place_id": place, "district": known.district}
    return list(rows.values())
