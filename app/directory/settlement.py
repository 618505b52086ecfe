"""Inventing the places of a district below its real divisions: grids, groups, risk points, households."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path

from app.directory.invent import Cells, chance
from app.directory.profiles import Profile
from app.directory.terrain import Spot, Terrain, distance, nearest

# The bureaus a district has; the first KEY_BUREAUS sit at the consultation (1+7+N) or answer for an
# industry from yellow on.
BUREAUS = (
    *("区气象局", "区水利局", "区规划自然资源局", "区住房城乡建委", "区交通运输委", "区林业局", "区公安局"),
    *("区消防救援局", "区应急管理局", "区教委", "区经济信息委", "区农业农村委", "区卫生健康委", "区民政局"),
    *("区文化旅游委", "区商务委", "区城市管理局", "区生态环境局", "区财政局", "区发展改革委", "区国资委"),
    *("区融媒体中心", "区供电公司", "区通信管理组"),
)
KEY_BUREAUS = 10

# Duty rooms up and down the rivers (流域联防): 濑溪河 comes from 大足 and goes to 泸县, 清流河 goes to 内江.
NEIGHBOURS = ("大足区防汛值班室", "泸县防汛值班室", "内江市防汛值班室")

# Spellings met in public data.
VARIANTS = {"昌州街道": "昌洲街道", "昌元街道": "昌源街道"}

# Kind, share in per cent, ages.
VULNERABLE = (
    ("alone-over-65", 60, 66, 95),
    ("disabled", 22, 20, 85),
    ("pregnant", 6, 20, 42),
    ("child-left-behind", 12, 3, 14),
)
LOW_TOWNS = ("500153001", "500153002")  # 昌元, 昌州: waterlogging is a thing of the town centre


class Settlement:
    """Places of one invention: rows of places.csv, place_codes.csv, risk_points.csv, households.csv."""

    def __init__(self, data: Path, profile: Profile, seed: int) -> None:
        self.profile, self.seed = profile, seed
        self.terrain = Terrain.read(data)
        divisions = _csv(data / "divisions.csv")
        self.district = next(row for row in divisions if row["level"] == "district")
        every = [row for row in divisions if row["parent_code"] == self.district["code"]]
        self.numbers = {row["code"]: number for number, row in enumerate(every, 1)}
        """Town code → 1 to 21, as it stands in synthetic phone numbers."""
        self.towns = every[: profile.towns]
        self.villages = {
            town["code"]: [row for row in divisions if row["parent_code"] == town["code"]][: profile.villages]
            for town in self.towns
        }
        self.census = {row["code"]: row for row in _csv(data / "population.csv")}
        self.points: dict[str, Spot] = {
            row["code"]: (float(row["lon"]), float(row["lat"])) for row in _csv(data / "villages.csv")
        }
        self.crosswalk = [
            row for row in _csv(data / "town_code_crosswalk.csv") if row["nbs_code"] in self.villages
        ]
        kept = {village["code"] for of in self.villages.values() for village in of}
        self.stations = [
            # A small profile leaves villages out; a station of theirs is still the town's.
            row | {"village_code": row["village_code"] if row["village_code"] in kept else ""}
            for row in _csv(data / "stations.csv")
            if row["town_code"] in {*self.villages, ""}
        ]
        self.places: list[Cells] = []
        self._divisions()
        self.risk_points = self._risk_points()
        self.households = self._households()

    def _divisions(self) -> None:
        code = self.district["code"]
        self.place(code, self.district["name"], "district", "", also="荣昌县", synthetic=False)
        for number, name in enumerate(BUREAUS[: self.profile.bureaus], 1):
            self.place(
                f"{code}-B{number:02d}",
                name,
                "bureau",
                code,
                kind="key" if number <= KEY_BUREAUS else "support",
            )
        for number, name in enumerate(NEIGHBOURS, 1):
            self.place(f"{code}-N{number:02d}", name, "neighbour", code)
        for town in self.towns:
            seat, people = self.terrain.seats[town["code"]], self.census[town["code"]]
            self.place(
                town["code"],
                town["name"],
                "town",
                code,
                kind=town["level"],
                lon=seat[0],
                lat=seat[1],
                population=people["population"],
                households=people["households"],
                also=VARIANTS.get(town["name"], ""),
                note="人口按模型分摊",
                synthetic=False,
            )
            for village in self.villages[town["code"]]:
                lon, lat = self.points[village["code"]]
                self.place(
                    village["code"],
                    short(village["name"]),
                    "village",
                    town["code"],
                    kind=village["level"],
                    lon=lon,
                    lat=lat,
                    note="位置为示意",
                    synthetic=False,
                )
                for n in range(1, self.profile.grids + 1):
                    self.place(
                        f"{village['code']}-G{n:02d}",
                        f"{short(village['name'])}第{n}网格",
                        "grid",
                        village["code"],
                    )
                for n in range(1, self.profile.groups + 1):
                    grid = (n - 1) * self.profile.grids // self.profile.groups + 1
                    self.place(
                        f"{village['code']}-S{n:02d}",
                        f"{short(village['name'])}{n}组",
                        "group",
                        f"{village['code']}-G{grid:02d}",
                    )

    def place(
        self, code: str, name: str, level: str, parent: str, *, synthetic: bool = True, **more: object
    ) -> None:
        """Add a row to places.csv."""
        self.places.append(
            {
                "code": code,
                "name": name,
                "level": level,
                "parent": parent,
                **more,
                "synthetic": str(synthetic).lower(),
            }
        )

    def codes(self) -> list[Cells]:
        """Rows of place_codes.csv: both official lists, and the district's code of before 2015 (荣昌县)."""
        code = self.district["code"]
        rows: list[Cells] = [{"place": code, "system": system, "code": code} for system in ("nbs", "mca")]
        rows.append({"place": code, "system": "legacy", "code": "500226"})
        rows += [
            {"place": row["nbs_code"], "system": "nbs", "code": row["nbs_code"]} for row in self.crosswalk
        ]
        rows += [
            {"place": row["nbs_code"], "system": "mca", "code": row["mca_code"]} for row in self.crosswalk
        ]
        rows += [
            {"place": v["code"], "system": "nbs", "code": v["code"]}
            for town in self.towns
            for v in self.villages[town["code"]]
        ]
        return rows

    def _risk_points(self) -> list[Cells]:
        towns = [town["code"] for town in self.towns]
        wet = [code for code in towns if self.terrain.river_metres(code) > 300] or towns
        low = [code for code in LOW_TOWNS if code in towns] or towns[:1]
        gauges = [
            (row["code"], (float(row["lon"]), float(row["lat"])))
            for row in self.stations
            if row["kind"] in {"rain", "river"}
        ]
        rows: list[Cells] = []
        for kind, word, count, among in (
            ("geological", "滑坡", self.profile.geological, towns),
            ("flood", "临河", self.profile.flood, wet),
            ("waterlogging", "内涝", self.profile.waterlogging, low),
            ("weir", "塘堰", self.profile.weirs, towns),
        ):
            for n in range(count):
                number = len(rows) + 1
                dice = chance(self.seed, kind, n)
                weights = [
                    self.terrain.river_metres(code) if kind == "flood" else len(self.villages[code])
                    for code in among
                ]
                town = dice.choices(among, weights)[0]
                spot = self._spot(kind, town, dice)
                village = nearest(spot, ((v["code"], self.points[v["code"]]) for v in self.villages[town]))
                name = next(short(v["name"]) for v in self.villages[town] if v["code"] == village)
                rows.append(
                    {
                        "code": f"RP-{self.district['code']}-{number:03d}",
                        "name": f"{name}演练{word}点{number:03d}",
                        "kind": kind,
                        "village": village,
                        "lon": spot[0],
                        "lat": spot[1],
                        "risk_code": f"FX-{kind[:2].upper()}{number:03d}",
                        "threatened": dice.randint(1, 14),
                        "muster_place": f"{name}便民服务中心",
                        "route": f"沿村道步行至{name}便民服务中心，不走沟边",
                        "gauge": nearest(spot, gauges),
                        "synthetic": "true",
                    }
                )

        return rows

    def _spot(self, kind: str, town: str, dice: random.Random) -> Spot:
        if kind == "geological":
            return self.terrain.slope(town, dice)
        if kind == "flood" and self.terrain.river_metres(town) > 0:
            return self.terrain.bank(town, dice)
        if kind == "waterlogging":
            seat = self.terrain.seats[town]
            return self.terrain.inside(town, dice, lambda spot: distance(spot, seat) < 2000)
        return self.terrain.inside(town, dice)

    def _households(self) -> list[Cells]:
        shares = [int(self.census[town["code"]]["age65_plus"]) for town in self.towns]
        points: dict[str, list[Cells]] = {}
        for point in self.risk_points:
            points.setdefault(str(point["village"]), []).append(point)
        left = {str(point["code"]): int(str(point["threatened"])) for point in self.risk_points}
        rows: list[Cells] = []
        for town, count in zip(self.towns, apportioned(self.profile.households, shares), strict=True):
            villages = self.villages[town["code"]]
            serial = dict.fromkeys((v["code"] for v in villages), 0)
            for n in range(count):
                dice = chance(self.seed, "household", town["code"], n)
                village = dice.choice(villages)
                code, name = village["code"], short(village["name"])
                serial[code] += 1
                group = dice.randint(1, self.profile.groups)
                kind, _, low, high = dice.choices(VULNERABLE, [share for _, share, _, _ in VULNERABLE])[0]
                threat = [str(p["code"]) for p in points.get(code, ()) if left[str(p["code"])] > 0]
                risk_point = dice.choice(threat) if threat and dice.random() < 0.5 else ""
                if risk_point:
                    left[risk_point] -= 1
                rows.append(
                    {
                        "code": f"{code}-H{serial[code]:04d}",
                        "name": f"{name}{group}组{serial[code]:04d}户",
                        "group": f"{code}-S{group:02d}",
                        "people": 1 if kind == "alone-over-65" else dice.randint(2, 5),
                        "vulnerable": kind,
                        "age": dice.randint(low, high),
                        "risk_point": risk_point,
                        "synthetic": "true",
                    }
                )
        return rows


def short(name: str) -> str:
    """玉屏社区居民委员会 → 玉屏社区, 螺罐村村民委员会 → 螺罐村."""
    return name.removesuffix("居民委员会").removesuffix("村民委员会")


def apportioned(total: int, shares: Sequence[int]) -> list[int]:
    """Split a whole number by shares, largest remainders first, so that the parts add up."""
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
