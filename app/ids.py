"""Ids are UUID version 7 as text: they sort by the time they were made and tell nothing else."""

from typing import TypeAlias

from uuid_utils import uuid7

Id: TypeAlias = str


def new_id() -> Id:
    """Return a new id, 36 characters."""
    return str(uuid7())
