"""PURE: how many independent ways lead to a named adult: one a number, since a shared phone rings only once.

Two ways are independent if neither the person nor the number is the same. Everybody has at most one number,
so the ways are as many as the different numbers. A number that the carrier says does not exist is no way. The
loudspeaker is none either: it reaches an area, and nobody by name.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

NEEDED = 2
"""Ways that every household, hidden point and key site must have."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody named for a place: who, in which role, and the blind index of the number, None without one."""

    person: str
    role: str
    number: str | None


def ways(contacts: Iterable[Contact], dead: Collection[str] = ()) -> tuple[Contact, ...]:
    """Return one contact for each different number that may ring; the first named keeps a shared one.

    ``dead``: people whose number was found not to exist.
    """
    found: dict[str, Contact] = {}
    for contact in contacts:
        if contact.number is not None and contact.person not in dead:
            found.setdefault(contact.number, contact)
    return tuple(found.values())


def why(contacts: Iterable[Contact], dead: Collection[str] = ()) -> str:
    """Return what keeps these contacts from being two ways, in one word.

    ``unnamed`` (nobody), ``alone`` (one person), ``same-number``, ``dead-number``, ``no-number``.
    """
    held = list({contact.person: contact for contact in contacts}.values())
    if not held:
        return "unnamed"
    ringing = [one for one in held if one.number is not None and one.person not in dead]
    if len(ringing) > len({one.number for one in ringing}):
        return "same-number"
    if any(one.person in dead for one in held):
        return "dead-number"
    return "alone" if len(held) == 1 and ringing else "no-number"
