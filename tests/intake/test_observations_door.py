"""Rows of gauges come in by three forms; each row is judged alone."""

import json

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.anyio


@pytest.fixture
async def gauge(door) -> str:
    async with door.world.db.reading() as session:
        return str(
            await session.scalar(
                sa.text("SELECT code FROM station WHERE kind = 'rain' ORDER BY code LIMIT 1")
            )
        )


def rain(gauge: str, minute: int, **other: object) -> dict[str, object]:
    return {"STCD": gauge, "TM": f"2026-07-16 02:{minute:02}:00", "DRP": 1.5, "INTV": 0.05, **other}


async def test_good_rows_are_kept_when_others_are_bad_and_come_once(door, gauge) -> None:
    rows = [
        rain(gauge, 5),
        rain(gauge, 10, DRP=True),
        rain(gauge, 15, DRP="2.0"),
        rain(gauge, 20, DRP=-99.9),
        rain(gauge, 25, DRP=9999),
        rain(gauge, 30),
        rain("SIM-nowhere", 35),
        7,
        rain(gauge, 5),
        rain(gauge, 5, COLOUR="x"),
        rain(gauge, 5, TM=None),
        rain(gauge, 6, DRP={}),
    ]
    body = json.dumps({"table": "ST_PPTN_R", "rows": rows})
    said = (await door.post(body, "application/json", path="/observations")).json()
    assert (said["accepted"], said["duplicates"]) == (2, 1)
    assert [row["row"] for row in said["rejected"]] == [1, 2, 3, 4, 6, 7, 9, 10, 11]
    assert {row["row"]: row["code"] for row in said["rejected"]} | {
        3: "implausible",
        4: "implausible",
        7: "malformed",
        11: "malformed",
    } == {row["row"]: row["code"] for row in said["rejected"]}
    assert all(row["detail"] for row in said["rejected"])
    again = (await door.post(body, "application/json", path="/observations")).json()
    assert (again["accepted"], again["duplicates"]) == (0, 3)


async def test_ndjson_lines_are_judged_alone_even_where_one_is_no_json(door, gauge) -> None:
    lines = [
        json.dumps(rain(gauge, 5)),
        '{"STCD": NaN}',
        "",
        "{",
        '{"STCD": "a", "STCD": "b"}',
        json.dumps(rain(gauge, 10)),
    ]
    said = (
        await door.post("\r\n".join(lines), "application/x-ndjson", path="/observations?table=ST_PPTN_R")
    ).json()
    assert (said["accepted"], [row["row"] for row in said["rejected"]]) == (2, [1, 2, 3])


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
async def test_csv_comes_in_what_a_spreadsheet_writes(door, gauge, codec: str) -> None:
    text = (
        f"STCD,TM,DRP,INTV\r\n{gauge},2026-07-16 02:05:00,1.5,0.05\r\n"
        f'"{gauge}",2026-07-16 02:10:00,,\r\n\r\n{gauge},x\r\n{gauge},2026-07-16 02:15:00,0.00,0.05\r\n'
    )
    media = "text/csv; charset=gb18030" if codec == "gb18030" else "text/csv"
    said = (await door.post(text.encode(codec), media, path="/observations?table=ST_PPTN_R")).json()
    assert (said["accepted"], [row["row"] for row in said["rejected"]]) == (2, [1, 2])


@pytest.mark.parametrize(
    ("body", "media", "query", "status", "code"),
    [
        ('{"table": "ST_PPTN_R", "rows": [], "note": 1}', "application/json", "", 422, "validation"),
        ('{"table": "RAIN", "rows": []}', "application/json", "", 422, "validation"),
        ('{"rows": []}', "application/json", "", 422, "validation"),
        ('{"table": "ST_PPTN_R"}', "application/json", "", 422, "validation"),
        ('{"table": "ST_PPTN_R", "rows": {}}', "application/json", "", 422, "validation"),
        ('{"table": "ST_PPTN_R", "rows": []}', "application/json", "?table=ELEMENT", 422, "validation"),
        ("[]", "application/json", "", 422, "validation"),
        ('{"table": "ST_PPTN_R", "rows": [{"DRP": NaN}]}', "application/json", "", 400, "malformed-body"),
        ("a,b", "text/csv", "", 422, "validation"),
        ("", "text/csv", "?table=ELEMENT", 400, "malformed-body"),
        ("STCD,STCD\n", "text/csv", "?table=ELEMENT", 400, "malformed-body"),
        ('STCD,TM\n"a', "text/csv", "?table=ELEMENT", 400, "malformed-body"),
        ("STCD\n\xff", "text/csv; charset=utf-7", "?table=ELEMENT", 400, "bad-encoding"),
        ("x", "application/x-ndjson", "", 422, "validation"),
    ],
)
async def test_an_envelope_at_fault_is_refused_whole(
    door, body: str, media: str, query: str, status: int, code: str
) -> None:
    answer = await door.post(body.encode("latin-1"), media, path=f"/observations{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_rows_of_a_large_body_keep_their_numbers_across_slices(
    door, gauge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.intake.observations.SLICE", 3)
    rows = [rain(gauge, minute, **({"DRP": "x"} if minute % 5 == 0 else {})) for minute in range(1, 12)]
    said = (
        await door.post(
            json.dumps({"table": "ST_PPTN_R", "rows": rows}), "application/json", path="/observations"
        )
    ).json()
    assert (said["accepted"], [row["row"] for row in said["rejected"]]) == (9, [4, 9])


async def test_forecasts_and_elements_come_the_same_way(bureau) -> None:
    forecast = {
        "town": "500153102",
        "issued": "2026-07-16T02:00:00+08:00",
        "from": "2026-07-16T03:00:00+08:00",
        "to": "2026-07-16T06:00:00+08:00",
        "ELEM": "rain",
        "V": 62.5,
    }
    body = json.dumps({"table": "FORECAST", "rows": [forecast]})
    said = (await bureau.post(body, "application/json", path="/observations")).json()
    assert said == {"accepted": 1, "duplicates": 0, "rejected": []}
