"""Typed rows of people, posts, shifts and stations → rows of the tables, or faults; nothing is written."""

import hashlib
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from app import phones, sealed
from app.directory.known import Known, Spot
from app.directory.sheets import Sheet, Values

# Row ids are made from the codes, so that the same files give the same rows on any machine and again at the
# next import.
_ROWS = uuid.UUID("6f1d7c0e-5b0a-5d8e-9a55-500153000000")
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
LONGEST_SHIFT = timedelta(hours=72)


def row_id(*parts: str) -> str:
    """The id of a row that is known by these codes: a uuid5, written out since it is made a million times."""
    h = hashlib.sha1(_ROWS.bytes + "\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:32]}"


def people(sheet: Sheet, known: Known) -> list[Values]:
    """Person rows. Accepted people are added to ``known``."""
    taken: list[Values] = []
    seen: set[str] = set()
    for row in sheet.rows:
        values = row.values
        code, number, synthetic = values["code"], values["phone"] or None, values["synthetic"]
        if code in seen:
            sheet.refuse(row.line, "duplicate-code", "this code stands in an earlier row")
        elif known.people.get(code) and not synthetic:
            sheet.refuse(row.line, "synthetic-kept", "what is synthetic stays so; enter the real person anew")
        elif number and synthetic and not phones.is_synthetic(number):
            sheet.refuse(row.line, "real-phone", "a row marked synthetic carries a number that could ring")
        elif number and not synthetic and phones.is_synthetic(number):
            sheet.refuse(
                row.line, "synthetic-phone", "an invented number in a row that is not marked synthetic"
            )
        else:
            seen.add(code)
            known.people[code] = synthetic
            taken.append(
                {
                    "id": row_id(known.district, code),
                    "district": known.district,
                    "code": code,
                    "name": values["name"],
                    "phone": number,
                    "phone_index": sealed.blind_index(number) if number else None,
                    "synthetic": synthetic,
                    "retired_at": values["retired"],
                }
            )
    return taken


def holdings(sheet: Sheet, known: Known) -> list[Values]:
    """Posts. A helper (``household.helper``) must have another post in the household's village."""
    for row in sheet.rows:
        spot = known.places.get(row.values["place"])
        if spot and spot.village and not row.values["role"].startswith("household."):
            known.villages_of_person[row.values["person"]].add(spot.village)
    return _at_places(sheet, known, _holding, lambda v: (v["place"], v["role"], v["person"]))


def shifts(sheet: Sheet, known: Known) -> list[Values]:
    """Turns of duty."""
    return _at_places(
        sheet, known, _shift, lambda v: (v["place"], v["role"], v["person"], v["starts"].isoformat())
    )


def _at_places(
    sheet: Sheet,
    known: Known,
    shape: Callable[[Values, Spot, Known], tuple[Values, tuple[str, str] | None]],
    key: Callable[[Values], tuple[str, ...]],
) -> list[Values]:
    taken: dict[str, Values] = {}
    for row in sheet.rows:
        values = row.values
        spot = known.places.get(values["place"])
        if spot is None:
            sheet.refuse(row.line, "unknown-place", "the place is in no file and not in the directory")
            continue
        if values["person"] not in known.people:
            sheet.refuse(row.line, "unknown-person", "the person is in no file and not in the directory")
            continue
        head = values["role"].split(".")[0]
        if (
            head in {"district", "town", "village", "grid", "group", "household", "bureau", "neighbour"}
            and head != spot.level
        ):
            sheet.refuse(row.line, "wrong-role", f"this role is not held at a {spot.level}")
            continue
        own, fault = shape(values, spot, known)
        identity = row_id(*key(values))
        if fault or identity in taken:
            sheet.refuse(
                row.line, *(fault or ("duplicate", "the same post or shift stands in an earlier row"))
            )
            continue
        taken[identity] = {
            "id": identity,
            "district": known.district,
            "place_id": values["place"],
            "role": values["role"],
            "person_id": row_id(known.district, values["person"]),
            "rank": values["rank"],
            "synthetic": values["synthetic"],
            **own,
        }
    return list(taken.values())


def _holding(values: Values, spot: Spot, known: Known) -> tuple[Values, tuple[str, str] | None]:
    own = {"since": values["since"], "until": values["until"]}
    if values["since"] and values["until"] and values["until"] <= values["since"]:
        return own, ("bad-time", "until is not after since")
    if (
        values["role"] == "household.helper"
        and spot.village not in known.villages_of_person[values["person"]]
    ):
        return own, ("helper-elsewhere", "a helper is one of the village's own people, with a post there")
    return own, None


def _shift(values: Values, _spot: Spot, _known: Known) -> tuple[Values, tuple[str, str] | None]:
    own = {"starts_at": values["starts"], "ends_at": values["ends"]}
    if not timedelta() < values["ends"] - values["starts"] <= LONGEST_SHIFT:
        return own, ("bad-time", "a shift ends after it starts, within 72 hours")
    return own, None


def stations(sheet: Sheet, known: Known) -> list[Values]:
    """Stations. One without a town lies outside the district."""
    taken: dict[str, Values] = {}
    for row in sheet.rows:
        v = row.values
        town, village = v["town_code"] or None, v["village_code"] or None
        fault = _unknown(known, (("town", town), ("village", village)))
        if v["code"] in taken:
            fault = ("duplicate-code", "this code stands in an earlier row")
        if fault:
            sheet.refuse(row.line, *fault)
            continue
        taken[v["code"]] = {
            "district": known.district,
            "code": v["code"],
            "kind": v["kind"],
            "name": v["name"],
            "river": v["river"],
            "place_code": town,
            "village_code": village,
            "lon": v["lon"],
            "lat": v["lat"],
            "interval_minutes": v["interval_min"],
            **{
                f"{name}_tenths": v[f"{name}_mm"]
                for name in ("rain_1h_prepare", "rain_1h_immediate", "rain_3h_prepare", "rain_3h_immediate")
            },
            "base_mm": v["base_level_m"],
            "warning_mm": v["warning_level_m"],
            "guarantee_mm": v["guarantee_level_m"],
            "record_mm": v["record_level_m"],
            "flood_limit_mm": v["flood_limit_level_m"],
            "normal_mm": v["normal_level_m"],
            "design_flood_mm": v["design_flood_level_m"],
            "check_flood_mm": v["check_flood_level_m"],
            "dam_crest_mm": v["dam_crest_m"],
            "owner": v["owner"],
            "source": v["source"],
            "synthetic": v["synthetic"],
        }
    return list(taken.values())


def _unknown(known: Known, places: Iterable[tuple[str, str | None]]) -> tuple[str, str] | None:
    for level, code in places:
        if code and (code not in known.places or known.places[code].level != level):
            return "unknown-place", f"the {level} is in no file and not in the directory"
    return None
