"""Two tracks side by side: what differs in levels, towns, calls, clocks and plans, and nothing else. Pure."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from app.rehearsal.replay import Replayed
from app.rehearsal.track import Call, CallKey, Reach, ReachKey, Track
from app.scheme.models import Scheme
from app.warning.level import Level

T = TypeVar("T")
Body = dict[str, Any]


def difference(old: Scheme, new: Scheme, replayed: Replayed) -> Body:
    """Return what differs, as it is printed, shown and signed. Times are the district's own."""
    was, would = replayed.tracks
    names = _Names(old, new, replayed)
    levels = list(_levels(was, would, names))
    calls = list(_calls(was, would, names))
    plans = list(_plans(was, would, names))
    district = old.district.code
    body: Body = {
        "old": {"version": old.version, "digest": old.digest},
        "new": {"version": new.version, "digest": new.digest},
        "since": names.time(replayed.since),
        "until": names.time(replayed.until),
        "moments": replayed.moments,
        "warnings": len(replayed.warnings),
        "towns": sorted({row["place"] for row in (*levels, *calls)} - {district}),
        "levels": levels,
        "calls": calls,
        "plans": plans,
        "unplanned": [
            {"warning": names.headline(key), "old": was.unplanned.get(key), "new": would.unplanned.get(key)}
            for key in sorted({*was.unplanned, *would.unplanned})
            if was.unplanned.get(key) != would.unplanned.get(key)
        ],
        "files": changes(old, new),
    }
    return body | {"digest": digest(body)}


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over a difference: what a signature is for."""
    content = {key: value for key, value in body.items() if key != "digest"}
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def changes(old: Scheme, new: Scheme) -> list[dict[str, Any]]:
    """The files that differ, each with its lines taken out and put in."""
    found = []
    for name in sorted({*old.files, *new.files}):
        before, after = old.files.get(name, "").splitlines(), new.files.get(name, "").splitlines()
        if before == after:
            continue
        lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
        found.append({"file": name, "lines": [line for line in lines if not line.startswith("@@")]})
    return found


class _Names:
    """Codes and keys in words."""

    def __init__(self, old: Scheme, new: Scheme, replayed: Replayed) -> None:
        self._zone = old.district.zone
        self._places = {**replayed.towns, old.district.code: old.district.name}
        self._hazards = {h.id: h.name for scheme in (old, new) for h in scheme.ruleset.hazards}
        self._duties = {key: duty.name for scheme in (old, new) for key, duty in scheme.layers.items()}
        self._headlines = {one.facts.key: one.facts.headline for one in replayed.warnings}

    def time(self, at: datetime | None) -> str | None:
        return None if at is None else at.astimezone(self._zone).isoformat(timespec="seconds")

    def place(self, code: str) -> str:
        return self._places.get(code, code)

    def hazard(self, kind: str) -> str:
        return self._hazards.get(kind, kind)

    def duty(self, layer: str, duty: str) -> str:
        return self._duties.get((layer, duty), duty)

    def headline(self, key: str) -> str:
        if key.startswith("observed:"):
            _, kind, level = key.split(":")
            return f"实测{self.hazard(kind)}{Level.of(level).zh}"
        return self._headlines.get(key) or key


def _unlike(old: Sequence[T], new: Sequence[T]) -> tuple[list[T], list[T]]:
    """What is only in the one and only in the other; what both have as often is left out."""
    common = Counter(old) & Counter(new)
    return _without(old, common), _without(new, common)


def _without(all_: Sequence[T], common: Counter[T]) -> list[T]:
    left = Counter(common)
    found = []
    for one in all_:
        if left[one]:
            left[one] -= 1
        else:
            found.append(one)
    return found


def _pairs(old: Sequence[T], new: Sequence[T]) -> Iterator[tuple[T | None, T | None]]:
    """One beside the other where each side has one; of several nobody can say which became which."""
    if len(old) == len(new) == 1:
        yield old[0], new[0]
        return
    yield from ((one, None) for one in old)
    yield from ((None, one) for one in new)


def _levels(was: Track, would: Track, names: _Names) -> Iterator[Body]:
    keys: set[ReachKey] = {*was.reaches, *would.reaches}
    for kind, place, level in sorted(keys, key=lambda key: (key[0], -key[2], key[1])):
        key = (kind, place, level)
        # The station is told, but the same level at the same time by another gauge is no difference.
        before, after = _spans(was.reaches.get(key, ())), _spans(would.reaches.get(key, ()))
        only_before, only_after = _unlike(list(before), list(after))
        for one, other in _pairs(only_before, only_after):
            yield {
                "hazard": kind,
                "hazard_name": names.hazard(kind),
                "level": level.word,
                "place": place,
                "name": names.place(place),
                "change": "removed" if other is None else "added" if one is None else "moved",
                "old": _span(one, before, names),
                "new": _span(other, after, names),
            }


Span = tuple[datetime, datetime | None]


def _spans(reaches: Sequence[Reach]) -> dict[Span, str]:
    return {(reach.since, reach.until): reach.station for reach in reaches}


def _span(span: Span | None, stations: Mapping[Span, str], names: _Names) -> Body | None:
    if span is None:
        return None
    return {"since": names.time(span[0]), "until": names.time(span[1]), "station": stations[span]}


def _calls(was: Track, would: Track, names: _Names) -> Iterator[Body]:
    keys: set[CallKey] = {*was.calls, *would.calls}
    rows: list[Body] = []
    for key in keys:
        before = {_felt(call): call for call in was.calls.get(key, ())}
        after = {_felt(call): call for call in would.calls.get(key, ())}
        only_before, only_after = _unlike(list(before), list(after))
        for one, other in _pairs(only_before, only_after):
            rows.append(
                _call(key, before.get(one) if one else None, after.get(other) if other else None, names)
            )
    yield from sorted(
        rows, key=lambda row: (_first(row), row["place"], row["layer"], row["duty"], row["key"])
    )


def _first(row: Body) -> str:
    return min(str(row[side]["at"]) for side in ("old", "new") if row[side])


def _felt(call: Call) -> tuple[Any, ...]:
    """What a person would notice of a call; the words of its reason are not part of it."""
    return (call.at, call.within, call.channels, call.part, call.people)


def _call(key: CallKey, one: Call | None, other: Call | None, names: _Names) -> Body:
    warning, place, layer, duty = key
    return {
        "key": warning,
        "warning": names.headline(warning),
        "place": place,
        "name": names.place(place),
        "layer": layer,
        "duty": duty,
        "duty_name": names.duty(layer, duty),
        "change": _kind(one, other),
        "old": _told(one, names),
        "new": _told(other, names),
    }


def _kind(one: Call | None, other: Call | None) -> str:
    if one is None:
        return "added"
    if other is None:
        return "removed"
    if one.at != other.at:
        return "earlier" if other.at < one.at else "later"
    return "clock" if one.within != other.within else "other"


def _told(call: Call | None, names: _Names) -> Body | None:
    if call is None:
        return None
    return {
        "at": names.time(call.at),
        "within_s": None if call.within is None else int(call.within.total_seconds()),
        "channels": list(call.channels),
        "part": call.part,
        "people": call.people,
        "rule": call.rule,
        "because": call.because,
    }


def _plans(was: Track, would: Track, names: _Names) -> Iterator[Body]:
    rows = []
    for key in {*was.marks, *would.marks}:
        before, after = was.marks.get(key), would.marks.get(key)
        if before == after:
            continue
        warning, kind, text = key
        rows.append(
            {
                "key": warning,
                "warning": names.headline(warning),
                "kind": kind,
                "text": text,
                "old": names.time(before),
                "new": names.time(after),
            }
        )
    yield from sorted(rows, key=lambda row: (row["warning"], row["key"], row["kind"], row["text"]))
