"""The bureaus look at their own gauges and issue, extend and lift warnings; they know no rule of ours.

Rain: one warning for each level of the rainstorm signal; an Update when towns join, a Cancel when the rain
is over. One geological yellow where six hours brought 75 mm. Rivers: yellow at the warning level, orange at
the guarantee level.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
from typing_extensions import override

from app.clock import LOCAL
from app.simulator import bulletin
from app.simulator.bulletin import Bulletin
from app.simulator.readings import LEVELS, STEP, THRESHOLDS, Readings
from app.simulator.world import World

WRITING = timedelta(minutes=2)  # from the reading to the message
# No second message of a level within so many minutes: towns that join meanwhile wait for the next one.
GAP = {"blue": 60, "yellow": 45, "orange": 30, "red": 15}
# Lifted when the three hours of every town in it stay below so many tenths of a millimetre.
OVER = {"red": 400, "orange": 250, "yellow": 150, "blue": 80}
GEOLOGICAL = (6, 750)
TRIES, AGAIN = 20, 30.0
DUTIES = {
    "blue": "请注意防范。",
    "yellow": "请做好防范准备，检查低洼和隐患点。",
    "orange": "请停止户外作业，做好危险区人员转移准备。",
    "red": "请立即转移危险区人员，停止集会、停课、停业。",
}


@dataclass
class Event:
    """One warning through its life: the first identifier, the towns in it, all identifiers so far."""

    event: str
    event_zh: str
    level: str
    towns: tuple[str, ...] = ()
    identifiers: list[str] = field(default_factory=list)
    last: int = -(10**6)
    over: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """What went out and what the product answered: the status and its id, None where nothing was answered."""

    minute: int
    said: Bulletin
    status: int
    id: str | None


class _Bureau(ABC):
    """What both bureaus do: look every five minutes, write, post until it is taken."""

    sender = ""
    initial = ""

    def __init__(
        self,
        world: World,
        product: httpx.AsyncClient,
        key: str,
        readings: Readings,
        start: datetime,
        names: Mapping[str, str],
    ) -> None:
        self.world, self.product, self.readings = world, product, readings
        self.start, self.names = start, names
        self._headers = {"authorization": f"Bearer {key}"}
        self._minute_of: dict[str, int] = {}
        self.issued: list[Issued] = []

    def begin(self, *, since: int = 0) -> None:
        """Plan every look from minute ``since`` on."""
        for minute in range(0, self.readings.end + 1, STEP):
            if minute >= since:
                when = self.start + timedelta(minutes=minute) + WRITING
                self.world.at(when, f"bureau:{self.initial}:{minute:05d}", partial(self.look, minute))

    async def look(self, minute: int) -> None:
        """Look at the gauges and say what has to be said."""
        for said in self.decide(minute):
            self._minute_of[said.identifier] = minute
            await self._post(said, 1)

    @abstractmethod
    def decide(self, minute: int) -> list[Bulletin]:
        """What has to be said now; keeps what was said."""

    @abstractmethod
    def request(self, said: Bulletin) -> dict[str, Any]:
        """How it is posted."""

    def _say(self, event: Event, minute: int, msg_type: str, towns: tuple[str, ...], words: str) -> Bulletin:
        sent = self.start + timedelta(minutes=minute) + WRITING
        said = Bulletin(
            identifier=self.identifier(sent),
            msg_type=msg_type,
            event=event.event,
            event_zh=event.event_zh,
            level=event.level,
            sent=sent,
            towns=towns,
            description=words,
            instruction="" if msg_type == "Cancel" else DUTIES[event.level],
            first=event.identifiers[0] if event.identifiers else None,
            earlier=tuple(event.identifiers),
        )
        event.identifiers.append(said.identifier)
        event.towns, event.last, event.over = towns, minute, msg_type == "Cancel"
        return said

    @abstractmethod
    def identifier(self, sent: datetime) -> str:
        """The next identifier of this second."""

    async def _post(self, said: Bulletin, attempt: int) -> None:
        try:
            response = await self.product.post("/api/v1/warnings", **self.request(said))
            status = response.status_code
        except httpx.HTTPError:
            status = 0
        if (status in {0, 429} or status >= 500) and attempt < TRIES:
            key = f"bureau:{self.initial}:{said.identifier}"
            self.world.after(AGAIN, key, partial(self._post, said, attempt + 1))
            return
        found = response.json().get("id") if 200 <= status < 300 else None
        self.issued.append(Issued(self._minute_of[said.identifier], said, status, found))


class WeatherBureau(_Bureau):
    """Rainstorm signals by level and one geological warning, as 12379 XML."""

    sender = "重庆市荣昌区气象局"
    sender_code = "50015341600000"
    initial = "weather"

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._rain = {level: Event("11B03", "暴雨", level) for level in LEVELS}
        self._slides = Event("11D01", "地质灾害气象风险", "yellow")
        self._serials: dict[str, int] = {}

    @override
    def decide(self, minute: int) -> list[Bulletin]:
        """Most severe first: a red never waits behind a blue."""
        said = []
        for level in reversed(LEVELS):
            said += self._signal(self._rain[level], level, minute)
        return said + self._geological(minute)

    def _signal(self, event: Event, level: str, minute: int) -> list[Bulletin]:
        hours, tenths = THRESHOLDS[level]
        passed = [t for t in self.readings.towns if self.readings.most(t, minute, hours) >= tenths]
        joined = [] if event.over else [town for town in passed if town not in event.towns]
        alive = bool(event.identifiers) and not event.over
        if joined and minute - event.last >= GAP[level]:
            towns = tuple(sorted({*event.towns, *joined}))
            where = bulletin.together(self.names, joined)
            words = (
                f"过去{hours}小时，{where}降雨量已达{tenths // 10}毫米以上，"
                f"预计未来{hours}小时{bulletin.together(self.names, towns)}降雨仍将持续。"
            )
            return [self._say(event, minute, "Update" if alive else "Alert", towns, words)]
        if alive and minute - event.last >= 60 and self._over(event, minute, OVER[level]):
            return [self._say(event, minute, "Cancel", event.towns, "降雨明显减弱，解除预警。")]
        return []

    def _geological(self, minute: int) -> list[Bulletin]:
        event, (hours, tenths) = self._slides, GEOLOGICAL
        if not event.identifiers:
            towns = tuple(t for t in self.readings.towns if self.readings.most(t, minute, hours) >= tenths)
            if len(towns) >= 3:
                where = bulletin.together(self.names, towns)
                words = f"受持续降雨影响，{where}发生地质灾害的气象风险较高。"
                return [self._say(event, minute, "Alert", towns, words)]
        elif not event.over and minute - event.last >= 180 and self._over(event, minute, OVER["blue"]):
            return [self._say(event, minute, "Cancel", event.towns, "降雨结束，解除预警。")]
        return []

    def _over(self, event: Event, minute: int, tenths: int) -> bool:
        return all(self.readings.most(town, minute, 3) < tenths for town in event.towns)

    @override
    def identifier(self, sent: datetime) -> str:
        """``ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N``, N counted within a second."""
        stamp = f"{self.sender_code}_{sent.astimezone(LOCAL):%Y%m%d%H%M%S}"
        serial = self._serials[stamp] = self._serials.get(stamp, -1) + 1
        return f"{stamp}_{serial}"

    @override
    def request(self, said: Bulletin) -> dict[str, Any]:
        """XML by its media type."""
        body = bulletin.national(said, sender=self.sender, sender_code=self.sender_code, names=self.names)
        return {
            "content": body,
            "headers": self._headers | {"content-type": "application/xml; charset=utf-8"},
        }


class WaterBureau(_Bureau):
    """River floods by river and level, as JSON."""

    sender = "重庆市荣昌区水利局"
    initial = "water"
    CALM = 300  # millimetres below the mark, at every station, before a warning is lifted

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        rivers = sorted({s.river for s in self.readings.stations.values() if s.kind == "river"})
        self._floods = {
            (river, level): Event("11A01", f"{river}洪水", level)
            for level in ("orange", "yellow")
            for river in rivers
        }
        self._count = 0

    @override
    def decide(self, minute: int) -> list[Bulletin]:
        """The guarantee level before the warning level."""
        said = []
        for (river, level), event in self._floods.items():
            said += self._flood(event, river, level, minute)
        return said

    def _flood(self, event: Event, river: str, level: str, minute: int) -> list[Bulletin]:
        read = [
            (station, mark, self.readings.level[station.code].get(minute))
            for station in self.readings.stations.values()
            if station.kind == "river"
            and station.river == river
            and (mark := station.guarantee_mm if level == "orange" else station.warning_mm) is not None
        ]
        over = [(station, mm) for station, mark, mm in read if mm is not None and mm >= mark]
        joined = [] if event.over else [one for one in over if one[0].town not in event.towns]
        alive = bool(event.identifiers) and not event.over
        word = "保证" if level == "orange" else "警戒"
        if joined:
            towns = tuple(sorted({*event.towns, *(station.town for station, _ in over)}))
            heights = "、".join(f"{station.name}{mm / 1000:.2f}米" for station, mm in over)
            words = f"{river}{heights}，已超{word}水位，水位仍在上涨。"
            return [self._say(event, minute, "Update" if alive else "Alert", towns, words)]
        calm = all(mm is not None and mm < mark - self.CALM for _, mark, mm in read)
        if alive and calm and minute - event.last >= 60:
            return [self._say(event, minute, "Cancel", event.towns, f"{river}水位已退至{word}水位以下。")]
        return []

    @override
    def identifier(self, sent: datetime) -> str:
        """A running number of the day."""
        self._count += 1
        return f"RCSL-{sent.astimezone(LOCAL):%Y%m%d}-{self._count:04d}"

    @override
    def request(self, said: Bulletin) -> dict[str, Any]:
        """JSON."""
        return {"json": bulletin.water(said, sender=self.sender), "headers": self._headers}
