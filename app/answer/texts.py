"""The words of a call: what is said about the warning, for the duties and places this person is asked for."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.answer.tables import Obligation
from app.scheme.models import Scheme
from app.warning.level import Level
from app.wording.compose import text
from app.wording.facts import Facts

LINK = "{link}"
"""Stands in the stored text of an SMS; the sender puts the person's own link there: one text for all."""

_TOLD = {
    "superior": "叫不应，请马上督促或派人",
    "chief": "叫不应，请处置",
}


def key(*parts: str) -> str:
    """Return the idempotency key of an order: the same parts, the same key."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def facts(values: Mapping[str, Any], scheme: Scheme, *, kind: str, channel: str, **more: Any) -> Facts:
    """Return a warning's brief as the facts of one text.

    ``values``: what ``activation.said.brief`` stored.
    """
    base: dict[str, Any] = {
        "district": scheme.district.name,
        "signature": scheme.district.signature,
        "desk": scheme.district.desk,
        "zone": scheme.district.zone,
        "hazard": values["hazard"],
        "hazard_id": values["hazard_id"],
        "family": values["family"],
        "level": Level(values["level"]),
        "places": values["places"],
        "issued": datetime.fromisoformat(values["issued"]),
        "what": values["what"],
        "headline": values["headline"],
        "issuer": values["issuer"],
        "observed": values["observed"],
        "exercise": values["exercise"],
        "version": values["version"],
        "raised_from": None if values.get("raised_from") is None else Level(values["raised_from"]),
    }
    return Facts(**{"kind": kind, "channel": channel, **base, **more})


class Writer:
    """Writes the texts of one sweep; the same words for the same places are made once."""

    def __init__(self, scheme: Scheme, names: Mapping[str, str]) -> None:
        self._scheme, self._names = scheme, names
        self._made: dict[tuple[Any, ...], str] = {}

    def ask(
        self,
        brief: Mapping[str, Any],
        kind: str,
        who: str,
        rows: Sequence[Obligation],
        also: tuple[str, ...] = (),
    ) -> str:
        """Return the text that asks one person for these obligations (``who``: holder, superior or chief).

        ``also``: names of what else the call is for.
        """
        top = max(rows, key=lambda row: (row.layer == "L2", row.layer == "L3", row.level))
        duties = tuple(dict.fromkeys(self._scheme.duty(row.layer, row.duty).name for row in rows))
        # A superior hears which unit is silent, also of the first layer: a bureau, a neighbour's duty room.
        places = self._units(rows) if who in _TOLD else self._places(brief, rows)
        about = (top.warning_id, kind, who, top.layer, top.duty, duties, places, len(rows), also)
        if about not in self._made:
            words = self._scheme.duty(top.layer, top.duty).words
            more: dict[str, Any] = {"layer": top.layer, "duty": words, "duties": duties, "places": places}
            more["also"] = also
            if who in _TOLD:
                # A superior answers for those below by doing something, not by hearing what they heard.
                more |= {"do": _TOLD[who], "layer": "L2", "duty": ""}
            if kind == "sms":
                more["link"] = LINK
            self._made[about] = text(
                self._scheme.templates, facts(brief, self._scheme, kind="alert", channel=kind, **more)
            )
        return self._made[about]

    def _places(self, brief: Mapping[str, Any], rows: Sequence[Obligation]) -> str:
        if all(row.layer == "L1" for row in rows):
            return str(brief["places"])
        return self._units(rows)

    def _units(self, rows: Sequence[Obligation]) -> str:
        names = list(dict.fromkeys(self._name(row) for row in rows))
        return "、".join(names) if len(names) <= 2 else f"{'、'.join(names[:2])}等{len(names)}处"

    def _name(self, row: Obligation) -> str:
        if row.layer == "L6":  # a household is told of its village, not of itself
            return self._names.get(row.place_id.rpartition("-")[0], self._names.get(row.town, row.town))
        return self._names.get(row.place_id, row.place_id)
