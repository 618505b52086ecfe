"""The district's files, column by column. docs/directory.md tells the same to those who fill them in."""

from app.directory.sheets import (
    Column,
    Form,
    code,
    degrees,
    flag,
    instant,
    phone,
    role,
    scaled,
    sentence,
    text,
    whole,
    word,
)
from app.directory.tables import LEVELS

VULNERABLE = ("alone-over-65", "disabled", "pregnant", "child-left-behind")
SYSTEMS = ("nbs", "mca", "legacy")

LON = Column(degrees(73, 136), required=False, optional=True)
LAT = Column(degrees(3, 54), required=False, optional=True)
"""China's bounds: longitude and latitude cannot be taken for each other, since no value fits both."""
SYNTHETIC = Column(flag, required=False, optional=True, default=False)
NOTE = Column(text, required=False, optional=True)
COUNT = Column(whole(0, 100_000_000), required=False, optional=True)
RANK = Column(whole(1, 99), required=False, optional=True, default=1)
WHEN = Column(instant, required=False, optional=True)
MILLIMETRES = Column(scaled(1000), required=False, optional=True)
TENTHS = Column(scaled(10), required=False, optional=True)

PLACES = Form(
    "places.csv",
    {
        "code": Column(code),
        "name": Column(text),
        "level": Column(word(*(level for level in LEVELS if level not in {"risk_point", "household"}))),
        "parent": Column(code, required=False),
        "also": Column(sentence, required=False, optional=True),
        "kind": NOTE,
        "lon": LON,
        "lat": LAT,
        "population": COUNT,
        "households": COUNT,
        "note": NOTE,
        "synthetic": SYNTHETIC,
    },
)

PLACE_CODES = Form(
    "place_codes.csv",
    {
        "place": Column(code),
        "system": Column(word(*SYSTEMS)),
        "code": Column(code),
    },
)

RISK_POINTS = Form(
    "risk_points.csv",
    {
        "code": Column(code),
        "name": Column(text),
        "kind": Column(word("geological", "flood", "waterlogging", "weir")),
        "village": Column(code),
        "lon": LON,
        "lat": LAT,
        "risk_code": Column(code, required=False, optional=True),
        "threatened": Column(whole(0, 100_000)),
        "muster_place": Column(sentence),
        "route": Column(sentence),
        "gauge": Column(code, required=False, optional=True),
        "synthetic": SYNTHETIC,
    },
)

HOUSEHOLDS = Form(
    "households.csv",
    {
        "code": Column(code),
        "name": Column(text),
        "group": Column(code),
        "people": Column(whole(1, 99)),
        "vulnerable": Column(word(*VULNERABLE), required=False),
        "age": Column(whole(0, 130), required=False, optional=True),
        "risk_point": Column(code, required=False, optional=True),
        "synthetic": SYNTHETIC,
    },
)

PEOPLE = Form(
    "people.csv",
    {
        "code": Column(code),
        "name": Column(text),
        "phone": Column(phone, required=False),
        "retired": WHEN,
        "synthetic": SYNTHETIC,
    },
)

POSTS = Form(
    "posts.csv",
    {
        "place": Column(code),
        "role": Column(role),
        "person": Column(code),
        "rank": RANK,
        "since": WHEN,
        "until": WHEN,
        "synthetic": SYNTHETIC,
    },
)

SHIFTS = Form(
    "shifts.csv",
    {
        "place": Column(code),
        "role": Column(role),
        "person": Column(code),
        "rank": RANK,
        "starts": Column(instant),
        "ends": Column(instant),
        "synthetic": SYNTHETIC,
    },
)

STATIONS = Form(
    "stations.csv",
    {
        "code": Column(code),
        "name": Column(text),
        "kind": Column(word("rain", "river", "reservoir", "waterlogging", "underpass", "weather")),
        "river": NOTE,
        "town_code": Column(code, required=False),
        "village_code": Column(code, required=False, optional=True),
        "lon": LON,
        "lat": LAT,
        "rain_1h_prepare_mm": TENTHS,
        "rain_1h_immediate_mm": TENTHS,
        "rain_3h_prepare_mm": TENTHS,
        "rain_3h_immediate_mm": TENTHS,
        "base_level_m": MILLIMETRES,
        "warning_level_m": MILLIMETRES,
        "guarantee_level_m": MILLIMETRES,
        "record_level_m": MILLIMETRES,
        "flood_limit_level_m": MILLIMETRES,
        "normal_level_m": MILLIMETRES,
        "design_flood_level_m": MILLIMETRES,
        "check_flood_level_m": MILLIMETRES,
        "dam_crest_m": MILLIMETRES,
        "interval_min": Column(whole(1, 1440)),
        "owner": NOTE,
        "source": Column(sentence, required=False, optional=True),
        "synthetic": SYNTHETIC,
        "synthetic_parts": NOTE,
    },
)

FORMS = (PLACES, PLACE_CODES, RISK_POINTS, HOUSEHOLDS, PEOPLE, POSTS, SHIFTS, STATIONS)
