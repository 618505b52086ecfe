"""The tables of legal moves are whole, an illegal move is refused, docs/states.md says what the code does."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.activation import states
from app.activation.states import PART_MOVES, UNDECIDED, WARNING_MOVES, check_part, check_warning
from app.activation.tables import Part, Warning
from app.answer.fold import CONFIRMED, RUNGS, AnswerFact, standing
from app.dispatch.states import State
from app.errors import WrongState

PAGE = Path(__file__).resolve().parents[2] / "docs" / "states.md"
TABLES = {"warning": WARNING_MOVES, "part": PART_MOVES}


def rows(section: str) -> list[list[str]]:
    """Return the rows of the table in a section of the page, without its head."""
    text = PAGE.read_text("utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    return re.findall(r"`([a-z-]+)`", cell)


def told(section: str) -> dict[str, frozenset[str]]:
    """Return the moves that the page gives."""
    return {named(cells[0])[0]: frozenset(named(cells[2])) for cells in rows(section)}


@pytest.mark.parametrize(
    ("section", "moves"), [("A warning", WARNING_MOVES), ("A part of its plan", PART_MOVES)]
)
def test_the_page_shows_every_state_and_every_legal_move(section, moves) -> None:
    assert told(section) == moves
    assert list(told(section)) == list(moves)


def test_the_page_shows_the_states_of_a_delivery_weakest_first() -> None:
    assert [named(cells[0])[0] for cells in rows("A delivery")] == [state.value for state in State]
    assert {named(cells[0])[0] for cells in rows("A delivery") if cells[2] == "yes"} == {
        state.value for state in State if state.final
    }


def test_the_page_shows_the_ladder_and_where_it_begins_to_count() -> None:
    assert [named(cells[0])[0] for cells in rows("The ladder")] == list(RUNGS)
    assert [cells[2] for cells in rows("The ladder")] == ["no"] * CONFIRMED + ["yes"] * (
        len(RUNGS) - CONFIRMED
    )


def test_the_page_shows_the_moves_of_an_obligation_as_the_fold_makes_them() -> None:
    due = datetime(2026, 7, 15, 19, tzinfo=UTC)
    moments = [due + timedelta(minutes=minutes) for minutes in (-10, -5, 0, 5, 10)]
    seen: dict[str, set[str]] = {"open": set(), "met": set(), "late": set(), "missed": set()}
    for answered in (None, *moments):
        facts = [AnswerFact("confirmed", True, answered, "voice", 1, "e")] if answered else []
        stood = [standing(facts, due_at=due, at=at).state for at in moments]
        for before, after in itertools.pairwise(stood):
            seen[before] |= {after} - {before}
    assert told("An obligation") == {state: frozenset(to) for state, to in seen.items()}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_state_that_can_be_reached_is_in_its_table_and_fits_its_column(name: str) -> None:
    moves = TABLES[name]
    assert {to for reached in moves.values() for to in reached} <= set(moves)
    column = (Warning if name == "warning" else Part).__table__.c.state
    assert max(map(len, moves)) <= column.type.length  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_exactly_the_moves_of_the_table_are_let_through(name: str) -> None:
    moves = TABLES[name]
    check = check_warning if name == "warning" else check_part
    for state, to in itertools.product(moves, moves):
        if to in moves[state]:
            check(state, to)
        else:
            with pytest.raises(WrongState) as refused:
                check(state, to)
            assert refused.value.facts["state"] == state


def test_what_is_over_stays_over() -> None:
    over = {state for state, moves in WARNING_MOVES.items() if not moves}
    assert over == {"superseded", "cancelled", "expired", "closed"}
    assert {state for state, moves in PART_MOVES.items() if not moves} == {"released", "refused", "withdrawn"}


def test_what_waits_for_a_decision_may_still_go_every_way() -> None:
    for state in UNDECIDED:
        assert {"released", "held", "withdrawn"} <= PART_MOVES[state]
    assert states.UNDECIDED == ("proposed", "pending-approval")
