"""Where a thing comes from; set with its first row and never changed (tables refuse it)."""

from enum import StrEnum


class Origin(StrEnum):
    """``real`` and ``canary`` may use live channels only, ``exercise`` and ``simulated`` only the others."""

    REAL = "real"
    EXERCISE = "exercise"
    CANARY = "canary"
    SIMULATED = "simulated"

    @property
    def live(self) -> bool:
        """Whether things of this origin go out on live channels."""
        return self in (Origin.REAL, Origin.CANARY)
