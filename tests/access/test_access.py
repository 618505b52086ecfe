"""Rights, passwords, sessions, codes, throttling, keys, links: what opens, and for how long."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.access import csrf, links, passwords, rights, sessions, sources, throttle, tokens, users
from app.access.officer import Officer
from app.access.tables import Link, LogInFailure, PersonalToken, SourceKey, User, UserSession
from app.audit import SYSTEM
from app.db import Database
from app.errors import Forbidden, NotFound, OutOfScope, RateLimited, Validation, WrongState

pytestmark = pytest.mark.anyio

NIGHT = datetime(2026, 7, 15, 18, 47, tzinfo=UTC)
DISTRICT = "500153"
PASSWORD = "雨大时先叫醒河边的人"


def officer(role: rights.Role, place: str | None = None) -> Officer:
    return Officer("u1", "guyu", role, place, DISTRICT)


async def account(db: Database, login: str = "guyu", *, totp: bool = False) -> str | None:
    hashed = await passwords.hashed(PASSWORD)
    async with db.transaction() as session:
        _, secret = await users.add(
            session, login, "duty", district=DISTRICT, password_hash=hashed, by=SYSTEM, at=NIGHT, totp=totp
        )
    return secret


async def log_in(
    db: Database,
    login: str,
    password: str,
    *,
    code: str | None = None,
    address: str = "10.0.0.1",
    at: datetime = NIGHT,
) -> sessions.LoggedIn | None:
    """What the door does: throttle, prove outside, then one transaction."""
    async with db.reading() as session:
        await throttle.check(session, login, address, at)
        user = await users.find(session, login, district=DISTRICT)
    proof = await sessions.prove(user, password, code, at)
    async with db.transaction() as session:
        return await sessions.log_in(session, proof, login, address, district=DISTRICT, at=at)


# rights


def test_every_right_belongs_to_somebody_and_the_operator_releases_nothing() -> None:
    assert set(rights.HELD_BY) == set(rights.RIGHTS)
    assert all(rights.HELD_BY.values())
    for right in (
        "release",
        "second",
        "hold",
        "close",
        "review",
        "raise",
        "sign-response",
        "answer-by-phone",
    ):
        assert not rights.holds("operator", right)
        assert not rights.holds("viewer", right)
        assert not rights.holds("auditor", right)


def test_a_towns_rights_end_at_its_border() -> None:
    town = officer("town", "500153102")
    rights.require(town, "report-disaster", "500153102")
    rights.require(town, "answer-by-phone", "500153102003-G03")
    with pytest.raises(OutOfScope):
        rights.require(town, "report-disaster", "500153103")
    with pytest.raises(NotFound):
        rights.show(town, "500153103")
    with pytest.raises(Forbidden):
        rights.require(town, "release")
    rights.require(officer("duty"), "report-disaster", "500153103")


# passwords


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password",
        "Password123!",
        "12345678",
        "87654321",
        "aaaaaaaa",
        "qwertyuiop",
        "jiaoying1",
        "荣昌荣昌12",
        "guyu-2026",
        "x" * 129,
    ],
)
def test_guessable_passwords_are_not_taken(password: str) -> None:
    assert passwords.fault(password, ("guyu",))


@pytest.mark.parametrize(
    "password", [PASSWORD, "correct horse battery staple", "x7#kQ9!m", "叫应要等到有人回答才算数"]
)
def test_long_or_odd_passwords_are_taken_whole(password: str) -> None:
    assert passwords.fault(password, ("guyu",)) is None


async def test_a_password_fits_only_its_own_hash() -> None:
    stored = await passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert await passwords.fits(PASSWORD, stored)
    assert not await passwords.fits(PASSWORD + " ", stored)
    assert not await passwords.fits("nobody has this password", None)


def test_all_faults_of_an_account_are_named_at_once() -> None:
    with pytest.raises(Validation) as refused:
        users.check("x", "king", None, "short")
    assert {fault.pointer for fault in refused.value.errors} == {"/name", "/role", "/password"}
    with pytest.raises(Validation):
        users.check("someone", "town", None, PASSWORD)
    with pytest.raises(Validation):
        users.check("someone", "duty", "500153102", PASSWORD)


# sessions


async def test_a_session_ends_when_idle_when_old_and_at_log_out(db: Database) -> None:
    await account(db)
    first = await log_in(db, "GuYu ", PASSWORD)
    assert first is not None
    async with db.transaction() as session:
        assert await sessions.look(session, first.token, NIGHT + timedelta(hours=11, minutes=59)) is not None
        assert await sessions.look(session, first.token, NIGHT + sessions.IDLE) is None
        await sessions.seen(session, str(first.officer.session_id), NIGHT + timedelta(hours=11))
        assert await sessions.look(session, first.token, NIGHT + timedelta(hours=22)) is not None
        assert await sessions.look(session, first.token, NIGHT + sessions.ABSOLUTE) is None
        await sessions.log_out(session, first.officer, NIGHT + timedelta(hours=11))
        assert await sessions.look(session, first.token, NIGHT + timedelta(hours=11)) is None


async def test_each_log_in_has_its_own_token_and_only_hashes_are_stored(db: Database) -> None:
    await account(db)
    one, two = await log_in(db, "guyu", PASSWORD), await log_in(db, "guyu", PASSWORD)
    assert one is not None
    assert two is not None
    assert one.token != two.token
    async with db.reading() as session:
        stored = set(await session.scalars(sa.select(UserSession.token_hash)))
        assert len(await sessions.live(session, one.officer.id, NIGHT)) == 2
    assert stored == {sessions.digest(one.token), sessions.digest(two.token)}


async def test_closing_an_account_ends_its_sessions_and_tokens_at_once(db: Database) -> None:
    await account(db)
    opened = await log_in(db, "guyu", PASSWORD)
    assert opened is not None
    async with db.transaction() as session:
        token = await tokens.issue(
            session, "guyu", "report", district=DISTRICT, lives=timedelta(days=30), by=SYSTEM, at=NIGHT
        )
        assert (await tokens.identify(session, token, NIGHT)) is not None
        await users.disable(session, "guyu", district=DISTRICT, by=SYSTEM, at=NIGHT)
    async with db.reading() as session:
        assert await sessions.look(session, opened.token, NIGHT) is None
        assert await tokens.identify(session, token, NIGHT) is None
        assert token not in str((await session.execute(sa.select(PersonalToken.token_hash))).all())
    assert await log_in(db, "guyu", PASSWORD) is None


async def test_a_code_opens_once_and_only_within_half_a_minute_of_its_own(db: Database) -> None:
    secret = await account(db, totp=True)
    assert secret is not None
    code = pyotp.TOTP(secret).at(NIGHT)
    assert await log_in(db, "guyu", PASSWORD) is None
    assert await log_in(db, "guyu", PASSWORD, code=code, at=NIGHT + timedelta(seconds=90)) is None
    assert await log_in(db, "guyu", PASSWORD, code=code, at=NIGHT + timedelta(seconds=20)) is not None
    assert await log_in(db, "guyu", PASSWORD, code=code, at=NIGHT + timedelta(seconds=21)) is None
    async with db.reading() as session:
        raw = await session.scalar(sa.text("SELECT totp_secret FROM officer"))
    assert secret not in str(raw)


async def test_the_same_code_in_two_requests_at_once_opens_one_session(db: Database) -> None:
    secret = await account(db, totp=True)
    async with db.reading() as session:
        user = await users.find(session, "guyu", district=DISTRICT)
    code = pyotp.TOTP(str(secret)).at(NIGHT)
    proofs = [await sessions.prove(user, PASSWORD, code, NIGHT) for _ in range(2)]
    opened = []
    for proof in proofs:
        async with db.transaction() as session:
            opened.append(
                await sessions.log_in(session, proof, "guyu", "10.0.0.1", district=DISTRICT, at=NIGHT)
            )
    assert [one is not None for one in opened] == [True, False]


async def test_confirming_again_marks_this_request_alone(db: Database) -> None:
    await account(db)
    opened = await log_in(db, "guyu", PASSWORD)
    assert opened is not None
    async with db.transaction() as session:
        user = await session.get(User, opened.officer.id)
        wrong = await sessions.prove(user, "not the password", None, NIGHT)
        right = await sessions.prove(user, PASSWORD, None, NIGHT)
        assert await sessions.confirm(session, opened.officer, wrong, address="10.0.0.1", at=NIGHT) is None
        assert await session.scalar(sa.select(sa.func.count()).select_from(LogInFailure)) == 1
        again = await sessions.confirm(session, opened.officer, right, address="10.0.0.1", at=NIGHT)
    assert again is not None
    assert again.confirmed
    assert not opened.officer.confirmed


# throttle


async def test_a_guesser_waits_longer_each_time_and_the_officer_elsewhere_does_not(db: Database) -> None:
    await account(db)
    for _ in range(throttle.FREE):
        assert await log_in(db, "guyu", "wrong wrong", address="192.0.2.7") is None
    with pytest.raises(RateLimited) as slowed:
        await log_in(db, "guyu", PASSWORD, address="192.0.2.7")
    assert slowed.value.facts["retry_after"] == 1
    assert await log_in(db, "guyu", "wrong", address="192.0.2.7", at=NIGHT + timedelta(seconds=1)) is None
    with pytest.raises(RateLimited) as slowed:
        await log_in(db, "guyu", PASSWORD, address="192.0.2.7", at=NIGHT + timedelta(seconds=2))
    assert slowed.value.facts["retry_after"] == 1
    assert await log_in(db, "guyu", PASSWORD, address="10.0.0.1") is not None
    assert (
        await log_in(db, "guyu", PASSWORD, address="192.0.2.7", at=NIGHT + timedelta(seconds=3)) is not None
    )
    async with db.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(LogInFailure)) == 0


@given(times=st.integers(0, 10_000))
def test_the_wait_never_exceeds_five_minutes(times: int) -> None:
    assert 0 <= throttle.Seen(times, NIGHT).wait(throttle.FREE, NIGHT) <= throttle.LONGEST.total_seconds()


async def test_one_password_on_many_accounts_is_slowed_by_address(db: Database) -> None:
    async with db.transaction() as session:
        for number in range(throttle.FREE_BY_ADDRESS):
            await throttle.note(session, f"user{number}", "192.0.2.7", district=DISTRICT, at=NIGHT)
    async with db.reading() as session:
        with pytest.raises(RateLimited):
            await throttle.check(session, "somebody-else", "192.0.2.7", NIGHT)
        await throttle.check(session, "somebody-else", "192.0.2.7", NIGHT + throttle.WINDOW)


# csrf


def test_a_csrf_token_belongs_to_one_session() -> None:
    assert csrf.fits("s1", csrf.token("s1"))
    assert not csrf.fits("s2", csrf.token("s1"))
    assert not csrf.fits("s1", None)


@pytest.mark.parametrize(
    ("origin", "fetch_site", "ours"),
    [
        (None, None, True),
        ("https://desk.example", None, True),
        ("https://desk.example", "same-origin", True),
        ("http://127.0.0.1:8000", None, True),
        ("https://evil.example", None, False),
        ("null", None, True),
        ("null", "cross-site", False),
        (None, "cross-site", False),
        ("https://desk.example", "same-site", False),
    ],
)
def test_only_our_own_page_may_act_with_a_cookie(
    origin: str | None, fetch_site: str | None, ours: bool
) -> None:
    assert csrf.own(origin, fetch_site, "desk.example", "http://127.0.0.1:8000") is ours


# sources


async def test_a_source_may_change_its_key_without_a_gap(db: Database) -> None:
    async with db.transaction() as session:
        old = await sources.add(session, "qxj", "weather", district=DISTRICT, by=SYSTEM, at=NIGHT)
        new = await sources.add(session, "qxj", "weather", district=DISTRICT, by=SYSTEM, at=NIGHT)
        with pytest.raises(WrongState):
            await sources.add(session, "qxj", "weather", district=DISTRICT, by=SYSTEM, at=NIGHT)
        with pytest.raises(WrongState):
            await sources.add(session, "qxj", "water", district=DISTRICT, by=SYSTEM, at=NIGHT)
        for key in (old, new):
            source = await sources.identify(session, key)
            assert source is not None
            assert (source.name, source.districts, source.codes) == ("qxj", (DISTRICT,), "nbs")
        await sources.revoke(session, "qxj", old[:10], district=DISTRICT, by=SYSTEM, at=NIGHT)
        assert await sources.identify(session, old) is None
        assert await sources.identify(session, new) is not None
        hashes = str((await session.execute(sa.select(SourceKey.key_hash))).all())
    assert old not in hashes
    assert new not in hashes


@pytest.mark.parametrize(
    ("bureau", "code", "may"),
    [
        ("weather", "11B03", True),
        ("weather", "11D01", True),
        ("weather", "11A01", False),
        ("water", "11A01", True),
        ("water", "11B03", False),
        ("other", "11B03", True),
        ("other", "12E01", True),
    ],
)
async def test_a_bureau_sends_its_own_hazards_unless_told_otherwise(
    db: Database, bureau: sources.Bureau, code: str, may: bool
) -> None:
    async with db.transaction() as session:
        key = await sources.add(session, "system", bureau, district=DISTRICT, by=SYSTEM, at=NIGHT)
        source = await sources.identify(session, key)
    assert source is not None
    assert source.may_send(code) is may


# links


async def test_a_link_stands_for_one_person_and_one_warning_until_its_end(db: Database) -> None:
    end = NIGHT + timedelta(hours=2)
    async with db.transaction() as session:
        token = await links.issue(session, "p1", "w1", district=DISTRICT, expires=end, at=NIGHT)
        again = await links.issue(
            session, "p1", "w1", district=DISTRICT, expires=end + timedelta(hours=1), at=NIGHT
        )
        other = await links.issue(session, "p2", "w1", district=DISTRICT, expires=end, at=NIGHT)
        assert token == again == links.derive("p1", "w1")
        assert other != token
        assert len(token) == 22
        assert await session.scalar(sa.select(sa.func.count()).select_from(Link)) == 2
        bundle = await links.look(session, token, end)
        assert bundle is not None
        assert (bundle.person_id, bundle.warning_id, bundle.expired) == ("p1", "w1", False)
        late = await links.look(session, token, end + timedelta(hours=1))
        assert late is not None
        assert late.expired
        # Not the last letter: only two of its bits count, and one of four others would be the same token.
        forged = ("B" if token[0] == "A" else "A") + token[1:]
        assert await links.look(session, forged, NIGHT) is None
        await links.revoke(session, "p1", NIGHT)
        assert await links.look(session, token, NIGHT) is None
        assert token not in str((await session.execute(sa.select(Link.token_hash))).all())
