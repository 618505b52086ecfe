"""Inventing who has which post in a settlement, their rosters, and the holes that a check must find."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.directory import planted, rosters
from app.directory.invent import Cells, Register, chance
from app.directory.profiles import Hole
from app.directory.rosters import Roster
from app.directory.settlement import KEY_BUREAUS, Settlement, apportioned

TWO_POSTS = 0.06  # of people: two duties, one phone
NO_PHONE = 0.03  # of groups and households: a name, no mobile phone
NO_CONTACT = 0.02  # of groups and households: nobody is named at all
SHARED = 0.015  # of households: the neighbour's phone
WITHOUT_DUTY = ("500153001", "500153114")  # 昌元 or 龙集: one village has no duty officer

# Kind, word, per mille of all facilities.
FACILITIES = (
    ("school", "学校", 400),
    ("hospital", "医院", 100),
    ("care-home", "养老院", 125),
    ("mine", "矿山", 50),
    ("chemical-plant", "化工厂", 50),
    ("tourist-site", "景区", 100),
    ("building-site", "工地", 175),
)


class Inhabitants:
    """People of one invention: rows of people.csv, posts.csv, shifts.csv; and the sites they answer for."""

    def __init__(self, settlement: Settlement) -> None:
        self.land = settlement
        self.register = Register(settlement.seed)
        self.holes: list[Hole] = []
        self.rosters: list[Roster] = []
        self._villagers: dict[str, list[str]] = defaultdict(list)
        self._leaders: dict[str, str] = {}
        self._facilities()
        self._lots()
        self._district()
        for town in settlement.towns:
            self._town(town["code"])
        for point in settlement.risk_points:
            self._village_post(str(point["code"]), "keeper.monitor", str(point["village"]))
        self._others()
        self._contacts()
        self._neighbours()
        self._bureau_deputies()
        self.holes += planted.told(settlement, self.register, self._without_duty)

    def _lots(self) -> None:
        """Draw who has two posts or no phone, and where nobody is named: the shares come out exactly."""
        land, p = self.land, self.land.profile
        villages = [v["code"] for town in land.towns for v in land.villages[town["code"]]]
        grids = [f"{v}-G{n:02d}" for v in villages for n in range(1, p.grids + 1)]
        groups = [f"{v}-S{n:02d}" for v in villages for n in range(1, p.groups + 1)]
        points = [str(row["code"]) for row in land.risk_points]
        households = [str(row["code"]) for row in land.households]
        posts = (
            2
            + p.deputies
            + p.chiefs
            + p.officers
            + p.supervisors
            + p.bureaus
            + 12 * len(land.towns)
            + 4 * len(villages)
            + len(grids)
            + len(groups)
            + len(points)
            + len(households)
            + len(self._sites)
        )
        self._unnamed = {
            *self._draw("unnamed", groups, NO_CONTACT),
            *self._draw("unnamed", households, NO_CONTACT),
        }
        named = [code for code in groups if code not in self._unnamed]
        homes = [code for code in households if code not in self._unnamed]
        self._phoneless = {
            *self._draw("phoneless", named, NO_PHONE),
            *self._draw("phoneless", homes, NO_PHONE),
        }
        may_double = [code for code in (*grids, *named, *points) if code not in self._phoneless]
        doubles = posts * TWO_POSTS / (1 + TWO_POSTS) / len(may_double)
        self._second = set(self._draw("second", may_double, doubles))
        self._sharing = set(self._draw("sharing", [c for c in homes if c not in self._phoneless], SHARED))
        open_villages = [v for v in villages if v[:9] in WITHOUT_DUTY] or villages
        self._without_duty = chance(land.seed, "without-duty").choice(open_villages)

    def _draw(self, what: str, among: Sequence[str], share: float) -> list[str]:
        order = sorted(among, key=lambda code: chance(self.land.seed, what, code).random())
        return order[: round(len(among) * share)]

    def _district(self) -> None:
        p, code = self.land.profile, self.land.district["code"]

        def some(role: str, count: int) -> list[str]:
            people = [self.register.person(0) for _ in range(count)]
            for rank, person in enumerate(people, 1):
                self.register.post(code, role, person, town=code, rank=rank)
            return people

        some("district.head", 1)
        some("district.secretary", 1)
        some("district.deputy_head", p.deputies)
        chiefs, officers = some("district.chief", p.chiefs), some("district.duty", p.officers)
        some("district.supervisor", p.supervisors)
        self.rosters.append(Roster(code, "district.chief", _crews(chiefs), 8))
        self.rosters.append(Roster(code, "district.duty", _crews(officers), 8))
        for n in range(1, p.bureaus + 1):
            self.register.post(f"{code}-B{n:02d}", "bureau.liaison", self.register.person(0), town=code)

    def _town(self, town: str) -> None:
        number = self.land.numbers[town]
        for role, count in (("town.secretary", 1), ("town.mayor", 1), ("town.deputy", 2), ("town.info", 2)):
            for rank in range(1, count + 1):
                self.register.post(town, role, self.register.person(number), town=town, rank=rank)
        duty = [self.register.person(number) for _ in range(6)]
        for rank, person in enumerate(duty, 1):
            self.register.post(town, "town.duty", person, town=town, rank=rank)
        # Streets keep turns of eight hours, towns of a day and a night.
        self.rosters.append(Roster(town, "town.duty", _crews(duty), 8 if number <= 6 else 24))
        for village in self.land.villages[town]:
            self._village(village["code"])

    def _village(self, village: str) -> None:
        p = self.land.profile
        for role in ("village.head", "village.deputy"):
            self._village_post(village, role, village)
        if village != self._without_duty:
            duty = [self._village_post(village, "village.duty", village, rank=rank) for rank in (1, 2)]
            self.rosters.append(Roster(village, "village.duty", ((duty[0],), (duty[1],)), 24))
        for n in range(1, p.grids + 1):
            self._village_post(f"{village}-G{n:02d}", "grid.worker", village)
        for n in range(1, p.groups + 1):
            code = f"{village}-S{n:02d}"
            if code not in self._unnamed:
                self._leaders[code] = self._village_post(code, "group.leader", village)

    def _village_post(self, place: str, role: str, village: str, rank: int = 1) -> str:
        """Fill a post of a village: by lot with one of its people who has a post, else with a new one."""
        free = [
            p
            for p in self._villagers[village]
            if self.register.posts_of[p] == 1 and self.register.people[p]["phone"]
        ]
        if place in self._second and free:
            person = chance(self.land.seed, "who", place).choice(free)
        else:
            person = self.register.person(self.land.numbers[village[:9]], phone=place not in self._phoneless)
            self._villagers[village].append(person)
        self.register.post(place, role, person, town=village[:9], rank=rank)
        return person

    def _facilities(self) -> None:
        """Reservoirs (their station's code is theirs) and facilities, as places."""
        land = self.land
        self._sites: list[tuple[str, str, str]] = []
        for station in (row for row in land.stations if row["kind"] == "reservoir"):
            land.place(
                station["code"],
                station["name"],
                "reservoir",
                station["town_code"] or land.district["code"],
                lon=station["lon"],
                lat=station["lat"],
                kind="reservoir",
            )
            self._sites += [
                (station["code"], f"reservoir.{who}", station["town_code"])
                for who in ("administrative", "technical", "patrol")
            ]
        towns = [town["code"] for town in land.towns]
        people = [int(land.census[code]["population"]) for code in towns]
        kinds = [
            (kind, word)
            for (kind, word, _), count in zip(
                FACILITIES,
                apportioned(land.profile.facilities, [share for _, _, share in FACILITIES]),
                strict=True,
            )
            for _ in range(count)
        ]
        for n, (kind, word) in enumerate(kinds, 1):
            dice = chance(land.seed, "facility", n)
            town = dice.choices(towns, people)[0]
            village = dice.choice(land.villages[town])["code"]
            code = f"FA-{land.district['code']}-{n:03d}"
            land.place(code, f"演练{word}{n:03d}", "facility", village, kind=kind)
            self._sites.append((code, "facility.head", town))

    def _others(self) -> None:
        for code, role, town in self._sites:
            person = self.register.person(self.land.numbers.get(town, 0))
            self.register.post(code, role, person, town=town or self.land.district["code"])

    def _contacts(self) -> None:
        """Households: their contact, and a helper of their own village; neighbours may share a phone."""
        numbers: dict[str, str] = {}
        for row in self.land.households:
            code, village = str(row["code"]), str(row["code"])[:12]
            if code in self._unnamed:
                continue
            shared = numbers.get(village) if code in self._sharing else None
            person = self.register.person(
                self.land.numbers[village[:9]], phone=code not in self._phoneless, number=shared
            )
            if self.register.people[person]["phone"]:
                numbers[village] = str(self.register.people[person]["phone"])
            self.register.post(code, "household.contact", person, town=village[:9])
            helper = (
                self._leaders.get(str(row["group"]))
                if chance(self.land.seed, "helper", code).random() < 0.7
                else None
            )
            if helper is None:
                helper = chance(self.land.seed, "who-helps", code).choice(self._villagers[village])
            self.register.post(code, "household.helper", helper, town=village[:9])

    def _neighbours(self) -> None:
        """Duty rooms up and down the river: the room's own telephone, and who leads it.

        Last, and apart from the district's own: nothing drawn before changes by their being there. Their
        rotas are theirs and not known here.
        """
        for place in [row for row in self.land.places if row["level"] == "neighbour"]:
            for role in ("neighbour.duty", "neighbour.chief"):
                person = self.register.person(0)
                self.register.post(str(place["code"]), role, person, town=str(self.land.district["code"]))

    def _bureau_deputies(self) -> None:
        """Who leads in each key bureau, called from orange on; last, as the neighbours. One names nobody."""
        for place in [row for row in self.land.places if row["level"] == "bureau" and row["kind"] == "key"]:
            code = str(place["code"])
            if code != f"{self.land.district['code']}-B{KEY_BUREAUS:02d}":
                person = self.register.person(0)
                self.register.post(code, "bureau.deputy", person, town=str(self.land.district["code"]))

    def shifts(self, start: datetime, days: int) -> list[Cells]:
        """Rows of shifts.csv, with one gap and one double booking planted; both are added to the holes."""
        by_roster = [rosters.turns(roster, start, days) for roster in self.rosters]
        towns = [i for i, roster in enumerate(self.rosters) if roster.role == "town.duty"]
        dice = chance(self.land.seed, "roster-holes")
        broken = dice.choice(towns)
        middle = len({row["starts"] for row in by_roster[broken]}) // 2
        by_roster[broken], when = rosters.gap(by_roster[broken], middle)
        self.holes.append(Hole("gap", self.rosters[broken].place, "town.duty", when))
        # The same officer in the town's duty room and, as a villager would be, at the district's desk.
        other = dice.choice([i for i in towns if i != broken] or towns)
        taken = by_roster[other][len(by_roster[other]) // 2]
        desk = self.rosters[1]
        by_roster.append([{**taken, "place": desk.place, "role": desk.role, "rank": 9}])
        self.holes.append(
            Hole("double-booking", self.rosters[other].place, "town.duty", str(taken["starts"]))
        )
        return [row for rows in by_roster for row in rows]


def _crews(people: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    everyone = list(people)
    size = -(-len(everyone) // 3)
    return tuple(tuple(everyone[i : i + size]) for i in range(0, len(everyone), size))
