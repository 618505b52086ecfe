"""The district's own files: from any hand, every bad row told, nothing written twice or made real."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from app.audit import AuditLine
from app.db import Database
from app.directory import importer
from app.directory.importer import Report
from app.directory.profiles import Generated
from app.directory.tables import Holding, Household, Person, Place, PlaceCode, Shift
from app.observations.tables import Station
from tests.support.invented import AT, BY, DISTRICT, bring

pytestmark = pytest.mark.anyio

REAL = "1" + "3" * 10  # the form of a mobile number, put together so that none stands in the repository


def faults(report: Report) -> set[tuple[str, int, str]]:
    return {(fault.file, fault.line, fault.code) for fault in report.faults}


def put(folder: Path, file: str, text: str, *, encoding: str = "utf-8") -> None:
    folder.mkdir(exist_ok=True)
    (folder / file).write_bytes(text.encode(encoding))


PLACES = """code,name,level,parent,kind
500153,荣昌区,district,,
500153001,昌元街道,town,500153,street
500153001001,玉屏社区,village,500153001,community
500153001001-G01,玉屏社区第1网格,grid,500153001001,
"""


async def test_a_second_import_of_the_same_files_changes_nothing(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    first = await bring(db, tmp_path, strict=True)
    assert first.clean
    assert {file.file: file.new for file in first.files} == {
        name: len(rows) for name, rows in tiny.files.items()
    }
    again = await bring(db, tmp_path, strict=True)
    assert all((file.new, file.changed, file.same) == (0, 0, file.read) for file in again.files)
    async with db.reading() as session:
        for table, file in (
            (Person, "people.csv"),
            (Holding, "posts.csv"),
            (Shift, "shifts.csv"),
            (Household, "households.csv"),
            (PlaceCode, "place_codes.csv"),
            (Station, "stations.csv"),
        ):
            count = await session.scalar(sa.select(sa.func.count()).select_from(table))
            assert count == len(tiny.files[file])
        assert list(await session.scalars(sa.select(AuditLine.act))) == ["directory.imported"] * 2


async def test_a_changed_row_is_changed_and_one_that_left_the_file_stays(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    people = [{**tiny.files["people.csv"][0], "phone": "0009" + "00" + "90001"}]
    Generated({"people.csv": people}).write(tmp_path / "again")
    report = await bring(db, tmp_path / "again")
    assert [(file.new, file.changed, file.same) for file in report.files] == [(0, 1, 0)]
    async with db.reading() as session:
        person = (await session.scalars(sa.select(Person).where(Person.code == people[0]["code"]))).one()
        assert await session.scalar(sa.select(sa.func.count()).select_from(Person)) == len(
            tiny.files["people.csv"]
        )
    assert person.phone == people[0]["phone"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
async def test_files_come_as_the_district_s_programs_write_them(
    db: Database, tmp_path: Path, encoding: str
) -> None:
    full_width = PLACES.replace("500153001001,", "５００１５３００１００１ ,").replace("\n", "\r\n")
    put(tmp_path / "in", "places.csv", full_width, encoding=encoding)
    put(
        tmp_path / "in",
        "people.csv",
        f"code,name,phone\r\nP1, 甲谷雨 ,{REAL} \r\nP2,古丽·某某,\r\n",
        encoding=encoding,
    )
    report = await bring(db, tmp_path / "in", strict=True)
    assert report.clean
    async with db.reading() as session:
        assert (await session.get_one(Place, "500153001001")).name == "玉屏社区"
        first, second = await session.scalars(sa.select(Person).order_by(Person.code))
    assert (first.name, first.phone, second.name, second.phone) == ("甲谷雨", REAL, "古丽·某某", None)


async def test_every_bad_row_is_told_with_its_line_and_the_good_ones_are_taken(
    db: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    put(
        folder,
        "places.csv",
        PLACES
        + "500153001001,又一个,village,500153001,\n"  # line 6: this code twice
        + "500153002001,错村,village,500153001,\n"  # 7: its code says another town
        + "500153001002,大青㭎村,village,500153009,\n"  # 8: no such town
        + "500153001003,,village,500153001,\n"  # 9: no name
        + "500153001004,空村,village,500153001,\n"  # 10: a village with nobody in it is a village
        + "500153001001-S01,错组,group,500153001,\n"  # 11: a group does not stand under a town
        + "500153001-G01,错网格,grid,500153001001,\n"  # 12: not the form of a grid
        + "500153001005,多一格,village,500153001,,,\n"  # 13
        + "FA-1,学校,facility,500153001001,学校\n",
    )
    put(
        folder,
        "people.csv",
        "code,name,phone,synthetic\n"
        f"P1,甲谷雨,{REAL},true\n"  # 2: a number that could ring in an invented row
        "P2,乙惊蛰,00090100001,false\n"  # 3: an invented number in a real row
        "P3,丙小满,12345,false\n"  # 4: no number at all
        "P4,,00090100002,true\n"  # 5
        "P5,戊白露,０００９０１００００３,true\n"
        f"P6,己小雪,+86{REAL},false\n"  # 7: never mended
        "P7,庚霜降,00090100004,perhaps\n",
    )  # 8
    put(
        folder,
        "posts.csv",
        "place,role,person\n"
        "500153001,town.mayor,P5\n"
        "500153001,town.mayor,P5\n"  # 3: twice
        "500153001,village.head,P5\n"  # 4: held at a village
        "500153001,town.duty,P1\n"  # 5: refused above
        "500153999,town.duty,P5\n"  # 6
        "500153001,Mayor,P5\n",
    )  # 7
    put(
        folder,
        "shifts.csv",
        "place,role,person,starts,ends\n"
        "500153001,town.duty,P5,2026-07-15T08:30,2026-07-16T08:30\n"
        "500153001,town.duty,P5,2026-07-16T08:30,2026-07-16T08:30\n"  # 3
        "500153001,town.duty,P5,yesterday,2026-07-16T08:30\n",
    )  # 4
    put(
        folder,
        "place_codes.csv",
        "place,system,code\n500153001,mca,500153001\n500153001001,mca,500153001\n500153001,gb,1\n",
    )
    report = await bring(db, folder)
    assert faults(report) == {
        ("places.csv", 6, "duplicate-code"),
        ("places.csv", 7, "wrong-parent"),
        ("places.csv", 8, "unknown-parent"),
        ("places.csv", 9, "empty"),
        ("places.csv", 11, "wrong-parent"),
        ("places.csv", 12, "bad-code"),
        ("places.csv", 13, "wrong-width"),
        ("people.csv", 2, "real-phone"),
        ("people.csv", 3, "synthetic-phone"),
        ("people.csv", 4, "bad-phone"),
        ("people.csv", 5, "empty"),
        ("people.csv", 7, "bad-phone"),
        ("people.csv", 8, "bad-word"),
        ("posts.csv", 3, "duplicate"),
        ("posts.csv", 4, "wrong-role"),
        ("posts.csv", 5, "unknown-person"),
        ("posts.csv", 6, "unknown-place"),
        ("posts.csv", 7, "bad-role"),
        ("shifts.csv", 3, "bad-time"),
        ("shifts.csv", 4, "bad-time"),
        ("place_codes.csv", 3, "duplicate-code"),
        ("place_codes.csv", 4, "bad-word"),
    }
    said = repr(report)
    assert REAL not in said
    assert "甲谷雨" not in said
    assert "12345" not in said
    assert {file.file: file.new for file in report.files} == {
        "places.csv": 6,
        "people.csv": 1,
        "posts.csv": 1,
        "shifts.csv": 1,
        "place_codes.csv": 1,
    }


async def test_strict_changes_nothing_if_any_row_is_bad(db: Database, tmp_path: Path) -> None:
    put(tmp_path / "in", "places.csv", PLACES + "500153001009,,village,500153001,\n")
    report = await bring(db, tmp_path / "in", strict=True)
    assert not report.written
    assert len(report.faults) == 1
    async with db.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Place)) == 0
        assert await session.scalar(sa.select(sa.func.count()).select_from(AuditLine)) == 0


async def test_what_is_synthetic_cannot_become_real_by_a_second_import(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    code = tiny.files["people.csv"][0]["code"]
    put(tmp_path / "in", "people.csv", f"code,name,phone,synthetic\n{code},甲谷雨,{REAL},false\n")
    put(
        tmp_path / "in",
        "risk_points.csv",
        "code,name,kind,village,threatened,muster_place,route,synthetic\n"
        f"{tiny.files['risk_points.csv'][0]['code']},真点,flood,500153001001,3,村委会,走大路,\n",
    )
    report = await bring(db, tmp_path / "in")
    assert {fault.code for fault in report.faults} == {"synthetic-kept"}
    async with db.reading() as session:
        assert all(await session.scalars(sa.select(Person.synthetic)))


async def test_a_helper_is_one_of_the_village_s_own_people(
    db: Database, tiny: Generated, tmp_path: Path
) -> None:
    tiny.write(tmp_path)
    await bring(db, tmp_path)
    home = str(tiny.files["households.csv"][0]["code"])
    stranger = next(row["person"] for row in tiny.files["posts.csv"] if row["role"] == "district.head")
    put(tmp_path / "in", "posts.csv", f"place,role,person\n{home},household.helper,{stranger}\n")
    assert faults(await bring(db, tmp_path / "in")) == {("posts.csv", 2, "helper-elsewhere")}


async def test_a_district_does_not_take_another_s_places(db: Database, tmp_path: Path) -> None:
    put(tmp_path / "in", "places.csv", PLACES)
    await bring(db, tmp_path / "in")
    other = (
        PLACES.replace("500153", "500152")
        + "500153001001,玉屏社区,village,500152001,\n500153,荣昌区,district,,\n"
    )
    put(tmp_path / "other", "places.csv", other)
    async with db.transaction() as session:
        report = await importer.import_folder(session, tmp_path / "other", district="500152", by=BY, at=AT)
    assert faults(report) == {("places.csv", 6, "another-district"), ("places.csv", 7, "another-district")}
    async with db.reading() as session:
        assert (await session.get_one(Place, "500153001001")).district == DISTRICT


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"code,name\n1,2\n", "missing-column"),
        (b"code,name,phone,shoe_size\n", "unknown-column"),
        (b"code,name,phone,phone\n", "duplicate-column"),
        (b"\xff\xfe\x00", "bad-encoding"),
        (b"", "missing-column"),
    ],
)
async def test_a_file_that_is_not_the_form_is_refused_whole(
    sqlite_url: str, tmp_path: Path, text: bytes, code: str
) -> None:
    db = Database(sqlite_url)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "people.csv").write_bytes(text)
    report = await bring(db, tmp_path / "in")
    await db.close()
    assert faults(report) == {("people.csv", 1, code)}


async def test_a_folder_without_any_known_file_is_an_error(sqlite_url: str, tmp_path: Path) -> None:
    db = Database(sqlite_url)
    with pytest.raises(FileNotFoundError, match=r"people\.csv"):
        await bring(db, tmp_path)
    await db.close()


async def test_a_duty_room_up_or_down_the_river_stands_under_the_district_with_its_own_roles(
    db: Database, tmp_path: Path
) -> None:
    put(
        tmp_path / "in",
        "places.csv",
        PLACES
        + "500153-N01,大足区防汛值班室,neighbour,500153,\n"
        + "500153-N02,镇里的,neighbour,500153001,\n"  # 7: no town has a neighbour
        + "510521,泸县防汛值班室,neighbour,500153,\n"  # 8: the code of a district that may be served too
        + "500112-N03,别区的,neighbour,500153,\n",  # 9: its code says another district
    )
    put(tmp_path / "in", "people.csv", "code,name,phone\nN1,甲谷雨,\nN2,乙惊蛰,\n")
    put(
        tmp_path / "in",
        "posts.csv",
        "place,role,person\n"
        "500153-N01,neighbour.duty,N1\n"
        "500153-N01,neighbour.chief,N2\n"
        "500153001,neighbour.duty,N1\n"  # 4
        "500153-N01,town.duty,N1\n",  # 5
    )
    report = await bring(db, tmp_path / "in")
    assert faults(report) == {
        ("places.csv", 7, "wrong-parent"),
        ("places.csv", 8, "bad-code"),
        ("places.csv", 9, "wrong-parent"),
        ("posts.csv", 4, "wrong-role"),
        ("posts.csv", 5, "wrong-role"),
    }
    async with db.reading() as session:
        room = await session.get_one(Place, "500153-N01")
        roles = set(await session.scalars(sa.select(Holding.role).where(Holding.place_id == room.id)))
    assert (room.parent_id, room.town_code) == (DISTRICT, None)
    assert roles == {"neighbour.duty", "neighbour.chief"}
