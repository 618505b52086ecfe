"""The first schema: every room's tables, and what no row may do afterwards.

An audit line is never changed or removed, and the origin of a warning, a plan part,
an obligation, a delivery, a task or a disaster never changes: the database itself refuses both, whoever asks.

It is one long file, for it is one step: nobody can be between two halves of the first schema.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime
from app.sealed import SealedText

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ORIGIN_TABLES = (
    "answer",
    "brief",
    "delivery",
    "disaster",
    "door",
    "finding",
    "obligation",
    "part",
    "permit",
    "response",
    "task",
    "warning",
)


def upgrade() -> None:
    """Make every table, then the triggers."""
    op.create_table(
        "audit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("district", "seq", name=op.f("uq_audit_district_seq")),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "beat",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("expected_s", sa.Integer(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_beat")),
    )
    op.create_table(
        "brief",
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("warning_id", name=op.f("pk_brief")),
    )
    op.create_table(
        "content",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content")),
        sa.UniqueConstraint("district", "digest", name=op.f("uq_content_district_digest")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_subject", "decision", ["subject"], unique=False)
    op.create_table(
        "disaster",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("place_text", SealedText("disaster.place_text"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("hazard", sa.String(length=10), nullable=True),
        sa.Column("warning_id", sa.String(length=36), nullable=True),
        sa.Column("t0", UtcDateTime(), nullable=False),
        sa.Column("t0_source", sa.String(length=12), nullable=False),
        sa.Column("reportable", sa.Boolean(), nullable=False),
        sa.Column("excluded_reason", sa.Text(), nullable=True),
        sa.Column("excluded_by", sa.String(length=36), nullable=True),
        sa.Column("found_later", sa.Boolean(), nullable=False),
        sa.Column("first_report_at", UtcDateTime(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("next_remind_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('known','reported','final')", name=op.f("ck_disaster_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disaster")),
    )
    op.create_index("ix_disaster_place", "disaster", ["place", "t0"], unique=False)
    op.create_index(
        "ix_disaster_remind",
        "disaster",
        ["next_remind_at"],
        unique=False,
        postgresql_where=sa.text("next_remind_at IS NOT NULL"),
        sqlite_where=sa.text("next_remind_at IS NOT NULL"),
    )
    op.create_index("ix_disaster_t0", "disaster", ["district", "origin", "t0"], unique=False)
    op.create_table(
        "door",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("town", sa.String(length=12), nullable=False),
        sa.Column("list", sa.String(length=40), nullable=False),
        sa.Column("household", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "mark IN ('none', 'told', 'nobody', 'refused', 'help')", name=op.f("ck_door_mark")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door")),
        sa.UniqueConstraint("warning_id", "household", name=op.f("uq_door_warning_id_household")),
    )
    op.create_index("ix_door_list", "door", ["warning_id", "list", "position"], unique=False)
    op.create_index("ix_door_town", "door", ["town"], unique=False)
    op.create_table(
        "event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("warning", sa.String(length=36), nullable=True),
        sa.Column("place", sa.String(length=24), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_district_id", "event", ["district", "id"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("hazard", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(length=20), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint(
            "district",
            "origin",
            "kind",
            "place",
            "level",
            "since",
            name=op.f("uq_finding_district_origin_kind_place_level_since"),
        ),
    )
    op.create_table(
        "forecast",
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("town_code", sa.String(length=9), nullable=False),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("milli", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "district", "town_code", "element", "from_at", "until_at", "source", name=op.f("pk_forecast")
        ),
    )
    op.create_index("ix_forecast_window", "forecast", ["district", "element", "until_at"], unique=False)
    op.create_table(
        "intake_raw",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("content_type", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("pointers", sa.JSON(), nullable=False),
        sa.Column("identifier", sa.String(length=160), nullable=True),
        sa.Column("warning_id", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('received','taken','repeated','conflict','refused','adopted')",
            name=op.f("ck_intake_raw_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_raw")),
    )
    op.create_index("ix_intake_raw_received", "intake_raw", ["district", "received_at"], unique=False)
    op.create_index("ix_intake_raw_state", "intake_raw", ["district", "state", "received_at"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("person_id", "warning_id", name=op.f("uq_link_person_id_warning_id")),
    )
    op.create_index("ix_link_token", "link", ["token_hash"], unique=False)
    op.create_table(
        "log_in_failure",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_in_failure")),
    )
    op.create_index("ix_log_in_failure_account", "log_in_failure", ["account", "address", "at"], unique=False)
    op.create_index("ix_log_in_failure_address", "log_in_failure", ["address", "at"], unique=False)
    op.create_table(
        "obligation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("opened_for", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("hazard", sa.String(length=10), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("town", sa.String(length=12), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("layer", sa.String(length=4), nullable=False),
        sa.Column("duty", sa.String(length=30), nullable=False),
        sa.Column("channels", sa.String(length=60), nullable=False),
        sa.Column("a_person", sa.String(length=36), nullable=True),
        sa.Column("b_person", sa.String(length=36), nullable=True),
        sa.Column("superior_person", sa.String(length=36), nullable=True),
        sa.Column("no_contact", sa.Boolean(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("cannot", sa.Boolean(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("via", sa.String(length=12), nullable=True),
        sa.Column("answered_round", sa.Integer(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=10), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_step_at", UtcDateTime(), nullable=True),
        sa.Column("excluded_reason", sa.Text(), nullable=True),
        sa.Column("excluded_by", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation")),
        sa.UniqueConstraint(
            "warning_id", "part", "place_id", "duty", name=op.f("uq_obligation_warning_id_part_place_id_duty")
        ),
    )
    op.create_index("ix_obligation_a", "obligation", ["a_person"], unique=False)
    op.create_index("ix_obligation_b", "obligation", ["b_person"], unique=False)
    op.create_index(
        "ix_obligation_due",
        "obligation",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_obligation_place", "obligation", ["place_id", "state"], unique=False)
    op.create_index(
        "ix_obligation_released", "obligation", ["district", "origin", "released_at"], unique=False
    )
    op.create_index(
        "ix_obligation_step",
        "obligation",
        ["next_step_at"],
        unique=False,
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
        sqlite_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=True),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", SealedText("officer.totp_secret"), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("password_changed_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("district", "login", name=op.f("uq_officer_district_login")),
    )
    op.create_table(
        "permit",
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=6), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("hazard", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("warning_id", "purpose", name=op.f("pk_permit")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", SealedText("person.name"), nullable=False),
        sa.Column("phone", SealedText("person.phone"), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("district", "code", name=op.f("uq_person_district_code")),
    )
    op.create_index("ix_person_phone", "person", ["district", "phone_index"], unique=False)
    op.create_table(
        "place",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent_id", sa.String(length=40), nullable=True),
        sa.Column("town_code", sa.String(length=9), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "level IN ('district', 'town', 'village', 'grid', 'group', 'household', 'risk_point', "
            "'reservoir', 'facility', 'bureau', 'neighbour')",
            name=op.f("ck_place_level"),
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["place.id"], name=op.f("fk_place_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_index("ix_place_level", "place", ["district", "level"], unique=False)
    op.create_index("ix_place_parent", "place", ["parent_id"], unique=False)
    op.create_index("ix_place_town", "place", ["district", "town_code", "level"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "district", "source", "digest", name=op.f("uq_quarantine_district_source_digest")
        ),
    )
    op.create_index("ix_quarantine_received", "quarantine", ["district", "received_at"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("vendor_id", sa.String(length=80), nullable=True),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("delivery_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.String(length=40), nullable=True),
        sa.Column("final_for_number", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("channel", "event_id", name=op.f("uq_receipt_channel_event_id")),
    )
    op.create_index("ix_receipt_delivery", "receipt", ["delivery_id"], unique=False)
    op.create_index(
        "ix_receipt_unmatched",
        "receipt",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("delivery_id IS NULL"),
        sqlite_where=sa.text("delivery_id IS NULL"),
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("words", SealedText("reply.words"), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
        sa.UniqueConstraint("channel", "event_id", name=op.f("uq_reply_channel_event_id")),
    )
    op.create_table(
        "response",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("family", sa.String(length=12), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("decision", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=18), nullable=False),
        sa.Column("first_by", sa.String(length=36), nullable=False),
        sa.Column("second_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("in_force_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
    )
    op.create_index("ix_response_family", "response", ["district", "family", "decided_at"], unique=False)
    op.create_table(
        "source",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("bureau", sa.String(length=10), nullable=False),
        sa.Column("codes", sa.String(length=8), nullable=False),
        sa.Column("hazards", sa.JSON(), nullable=False),
        sa.Column("districts", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("district", "name", name=op.f("uq_source_district_name")),
    )
    op.create_table(
        "station",
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("river", sa.String(length=40), nullable=True),
        sa.Column("place_code", sa.String(length=9), nullable=True),
        sa.Column("village_code", sa.String(length=12), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("interval_minutes", sa.Integer(), nullable=False),
        sa.Column("rain_1h_prepare_tenths", sa.Integer(), nullable=True),
        sa.Column("rain_1h_immediate_tenths", sa.Integer(), nullable=True),
        sa.Column("rain_3h_prepare_tenths", sa.Integer(), nullable=True),
        sa.Column("rain_3h_immediate_tenths", sa.Integer(), nullable=True),
        sa.Column("base_mm", sa.Integer(), nullable=True),
        sa.Column("warning_mm", sa.Integer(), nullable=True),
        sa.Column("guarantee_mm", sa.Integer(), nullable=True),
        sa.Column("record_mm", sa.Integer(), nullable=True),
        sa.Column("flood_limit_mm", sa.Integer(), nullable=True),
        sa.Column("normal_mm", sa.Integer(), nullable=True),
        sa.Column("design_flood_mm", sa.Integer(), nullable=True),
        sa.Column("check_flood_mm", sa.Integer(), nullable=True),
        sa.Column("dam_crest_mm", sa.Integer(), nullable=True),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("last_level_mm", sa.Integer(), nullable=True),
        sa.Column("last_level_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("district", "code", name=op.f("pk_station")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=True),
        sa.Column("obligation_id", sa.String(length=36), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("place_id", sa.String(length=40), nullable=True),
        sa.Column("town", sa.String(length=12), nullable=True),
        sa.Column("owner_person", sa.String(length=36), nullable=True),
        sa.Column("owner_role", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=80), nullable=True),
        sa.Column("ordered_by", sa.String(length=80), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("taken_by", sa.String(length=80), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("over_at", UtcDateTime(), nullable=True),
        sa.Column("evidence", SealedText("task.evidence"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('visit', 'order', 'measure', 'alarm', 'consult')", name=op.f("ck_task_kind")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'taken', 'done', 'refused', 'withdrawn')", name=op.f("ck_task_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_key", "task", ["district", "key"], unique=False)
    op.create_index(
        "ix_task_standing",
        "task",
        ["district", "kind"],
        unique=False,
        postgresql_where=sa.text("state IN ('open','taken')"),
        sqlite_where=sa.text("state IN ('open','taken')"),
    )
    op.create_index("ix_task_town", "task", ["town", "state"], unique=False)
    op.create_index("ix_task_warning", "task", ["warning_id"], unique=False)
    op.create_table(
        "warning",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("raw_id", sa.String(length=36), nullable=True),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("identifier", sa.String(length=160), nullable=False),
        sa.Column("event_code", sa.String(length=10), nullable=False),
        sa.Column("msg_type", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("raised_from", sa.Integer(), nullable=True),
        sa.Column("sent", UtcDateTime(), nullable=False),
        sa.Column("effective", UtcDateTime(), nullable=True),
        sa.Column("onset", UtcDateTime(), nullable=True),
        sa.Column("expires", UtcDateTime(), nullable=True),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("observed", sa.Boolean(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("villages", sa.JSON(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("affects", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("root_id", sa.String(length=36), nullable=False),
        sa.Column("superseded_by", sa.String(length=36), nullable=True),
        sa.Column("plan_id", sa.String(length=36), nullable=True),
        sa.Column("plan_hash", sa.String(length=64), nullable=True),
        sa.Column("segment", sa.String(length=4), nullable=True),
        sa.Column("next_advance_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
        sa.UniqueConstraint(
            "district",
            "sender",
            "identifier",
            "event_code",
            name=op.f("uq_warning_district_sender_identifier_event_code"),
        ),
    )
    op.create_index("ix_warning_advance", "warning", ["next_advance_at"], unique=False)
    op.create_index("ix_warning_received", "warning", ["district", "received_at"], unique=False)
    op.create_index("ix_warning_root", "warning", ["root_id"], unique=False)
    op.create_index("ix_warning_state", "warning", ["district", "state"], unique=False)
    op.create_table(
        "answer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("obligation_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("entered_by", sa.String(length=36), nullable=True),
        sa.Column("rung", sa.String(length=10), nullable=False),
        sa.Column("via", sa.String(length=12), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("why_not", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", SealedText("answer.words"), nullable=True),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_answer_obligation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint(
            "source", "event_id", "obligation_id", name=op.f("uq_answer_source_event_id_obligation_id")
        ),
    )
    op.create_index("ix_answer_newest", "answer", ["district", "received_at"], unique=False)
    op.create_index("ix_answer_obligation", "answer", ["obligation_id"], unique=False)
    op.create_table(
        "call",
        sa.Column("obligation_id", sa.String(length=36), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_call_obligation_id")),
        sa.PrimaryKeyConstraint("obligation_id", "delivery_id", name=op.f("pk_call")),
    )
    op.create_index("ix_call_delivery", "call", ["delivery_id"], unique=False)
    op.create_index("ix_call_person", "call", ["person_id", "at"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=6), nullable=False),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("town", sa.String(length=12), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("layer", sa.String(length=4), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("content_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("failover_of", sa.String(length=36), nullable=True),
        sa.Column("link_of", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("vendor_id", sa.String(length=80), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("possibly_twice", sa.Boolean(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", sa.String(length=60), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_delivery_content_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
    )
    op.create_index(
        "ix_delivery_ends",
        "delivery",
        ["warning_id", "purpose", "expires_at", "not_before"],
        unique=False,
        postgresql_where=sa.text("not_before IS NOT NULL"),
        sqlite_where=sa.text("not_before IS NOT NULL"),
    )
    op.create_index(
        "ix_delivery_line",
        "delivery",
        [sa.text("urgency DESC"), "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("not_before IS NOT NULL"),
        sqlite_where=sa.text("not_before IS NOT NULL"),
    )
    op.create_index(
        "ix_delivery_failover",
        "delivery",
        ["failover_of"],
        unique=False,
        postgresql_where=sa.text("failover_of IS NOT NULL"),
        sqlite_where=sa.text("failover_of IS NOT NULL"),
    )
    op.create_index("ix_delivery_person", "delivery", ["person_id", "created_at"], unique=False)
    op.create_index("ix_delivery_vendor", "delivery", ["channel", "vendor_id"], unique=False)
    op.create_index("ix_delivery_warning", "delivery", ["warning_id", "town"], unique=False)
    op.create_table(
        "disaster_sign",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("disaster_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["disaster_id"], ["disaster.id"], name=op.f("fk_disaster_sign_disaster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disaster_sign")),
        sa.UniqueConstraint("district", "event_id", name=op.f("uq_disaster_sign_district_event_id")),
    )
    op.create_index("ix_disaster_sign_disaster", "disaster_sign", ["disaster_id"], unique=False)
    op.create_table(
        "door_fact",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("door_id", sa.String(length=36), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_door_fact_door_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_fact")),
        sa.UniqueConstraint("door_id", "event_id", name=op.f("uq_door_fact_door_id_event_id")),
    )
    op.create_table(
        "holding",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_holding_person_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_holding_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holding")),
        sa.UniqueConstraint("place_id", "role", "person_id", name=op.f("uq_holding_place_id_role_person_id")),
    )
    op.create_index("ix_holding_person", "holding", ["person_id"], unique=False)
    op.create_index("ix_holding_role", "holding", ["district", "role"], unique=False)
    op.create_table(
        "hole",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_hole_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hole")),
        sa.UniqueConstraint("district", "key", name=op.f("uq_hole_district_key")),
    )
    op.create_table(
        "preflight",
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("holes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("warning_id", name=op.f("pk_preflight")),
    )
    op.create_table(
        "household",
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("town_code", sa.String(length=9), nullable=True),
        sa.Column("village_id", sa.String(length=40), nullable=False),
        sa.Column("group_id", sa.String(length=40), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("vulnerable", sa.String(length=20), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("risk_point_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_household_place_id")),
        sa.ForeignKeyConstraint(["risk_point_id"], ["place.id"], name=op.f("fk_household_risk_point_id")),
        sa.PrimaryKeyConstraint("place_id", name=op.f("pk_household")),
    )
    op.create_index("ix_household_risk_point", "household", ["risk_point_id"], unique=False)
    op.create_index("ix_household_town", "household", ["district", "town_code"], unique=False)
    op.create_index("ix_household_village", "household", ["village_id"], unique=False)
    op.create_table(
        "intake_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("identifier", sa.String(length=160), nullable=False),
        sa.Column("event_code", sa.String(length=10), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("sent", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("bureau", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("raw_id", sa.String(length=36), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["raw_id"], ["intake_raw.id"], name=op.f("fk_intake_key_raw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_key")),
        sa.UniqueConstraint(
            "district",
            "sender",
            "identifier",
            "event_code",
            "serial",
            name=op.f("uq_intake_key_district_sender_identifier_event_code_serial"),
        ),
    )
    op.create_index("ix_intake_key_identifier", "intake_key", ["district", "identifier"], unique=False)
    op.create_table(
        "officer_session",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("officer_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_session_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_officer_session_token_hash")),
    )
    op.create_index("ix_officer_session_officer", "officer_session", ["officer_id"], unique=False)
    op.create_table(
        "part",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=12), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=18), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decide_by", UtcDateTime(), nullable=True),
        sa.Column("first_by", sa.String(length=36), nullable=True),
        sa.Column("first_at", UtcDateTime(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("alarms", sa.Integer(), nullable=False),
        sa.Column("next_alarm_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"], name=op.f("fk_part_warning_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("warning_id", "name", "serial", name=op.f("uq_part_warning_id_name_serial")),
    )
    op.create_index(
        "ix_part_decide",
        "part",
        ["decide_by"],
        unique=False,
        postgresql_where=sa.text("state IN ('proposed','pending-approval')"),
        sqlite_where=sa.text("state IN ('proposed','pending-approval')"),
    )
    op.create_table(
        "personal_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("officer_id", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_personal_token_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_token_token_hash")),
    )
    op.create_index("ix_personal_token_officer", "personal_token", ["officer_id"], unique=False)
    op.create_table(
        "place_code",
        sa.Column("system", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_place_code_place_id")),
        sa.PrimaryKeyConstraint("system", "code", name=op.f("pk_place_code")),
    )
    op.create_index("ix_place_code_place", "place_code", ["place_id"], unique=False)
    op.create_table(
        "plan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("warning_id", sa.String(length=36), nullable=False),
        sa.Column("warning_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scheme_version", sa.String(length=40), nullable=False),
        sa.Column("scheme_digest", sa.String(length=64), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("segment", sa.String(length=4), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("response_level", sa.String(length=4), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_for", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"], name=op.f("fk_plan_warning_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("warning_id", "version", name=op.f("uq_plan_warning_id_version")),
    )
    op.create_table(
        "rain_series",
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("station", sa.String(length=20), nullable=False),
        sa.Column("interval_minutes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slots", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "station"],
            ["station.district", "station.code"],
            name=op.f("fk_rain_series_district_station"),
        ),
        sa.PrimaryKeyConstraint(
            "district", "block", "station", "interval_minutes", name=op.f("pk_rain_series")
        ),
    )
    op.create_table(
        "reading",
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("station", sa.String(length=20), nullable=False),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("interval_minutes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("milli", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("first_milli", sa.Integer(), nullable=True),
        sa.Column("revised_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district", "station"],
            ["station.district", "station.code"],
            name=op.f("fk_reading_district_station"),
        ),
        sa.PrimaryKeyConstraint(
            "district", "element", "at", "station", "interval_minutes", name=op.f("pk_reading")
        ),
    )
    op.create_table(
        "rehearsal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("old_digest", sa.String(length=64), nullable=False),
        sa.Column("new_digest", sa.String(length=64), nullable=False),
        sa.Column("old_version", sa.String(length=40), nullable=False),
        sa.Column("new_version", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("signed_by", sa.String(length=36), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal")),
    )
    op.create_index("ix_rehearsal_made", "rehearsal", ["district", "made_at"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("disaster_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("body", SealedText("report.body"), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("corrects", sa.String(length=36), nullable=True),
        sa.CheckConstraint("kind IN ('first','followup','final')", name=op.f("ck_report_kind")),
        sa.ForeignKeyConstraint(["disaster_id"], ["disaster.id"], name=op.f("fk_report_disaster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("district", "event_id", name=op.f("uq_report_district_event_id")),
    )
    op.create_index("ix_report_disaster", "report", ["disaster_id", "received_at"], unique=False)
    op.create_table(
        "scheme",
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("district", "digest", name=op.f("pk_scheme")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("place_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shift_forward")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shift_person_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_shift_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.UniqueConstraint(
            "place_id",
            "role",
            "person_id",
            "starts_at",
            name=op.f("uq_shift_place_id_role_person_id_starts_at"),
        ),
    )
    op.create_index("ix_shift_now", "shift", ["district", "ends_at", "starts_at"], unique=False)
    op.create_index("ix_shift_person", "shift", ["person_id"], unique=False)
    op.create_table(
        "source_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_source_key_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_source_key_key_hash")),
    )
    op.create_index("ix_source_key_source", "source_key", ["source_id"], unique=False)
    op.create_table(
        "step_taken",
        sa.Column("obligation_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("layer", sa.String(length=4), nullable=False),
        sa.Column("who", sa.String(length=10), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["obligation_id"], ["obligation.id"], name=op.f("fk_step_taken_obligation_id")
        ),
        sa.PrimaryKeyConstraint("obligation_id", "step", name=op.f("pk_step_taken")),
    )
    op.create_index("ix_step_taken_newest", "step_taken", ["district", "layer", "taken_at"], unique=False)
    op.create_table(
        "task_fact",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("evidence", SealedText("task_fact.evidence"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_fact_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_fact")),
        sa.UniqueConstraint("task_id", "event_id", name=op.f("uq_task_fact_task_id_event_id")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_attempt_delivery_id_number")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgres_triggers()


def _sqlite_triggers() -> None:
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_is_append_only_{act.lower()} BEFORE {act} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
    for table in ORIGIN_TABLES:
        op.execute(
            f'CREATE TRIGGER {table}_origin_is_fixed BEFORE UPDATE OF origin ON "{table}" '
            "WHEN OLD.origin <> NEW.origin "
            "BEGIN SELECT RAISE(ABORT, 'the origin never changes'); END"
        )


def _postgres_triggers() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_is_append_only_{act.lower()} BEFORE {act} ON audit "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change('the audit log is append-only')"
        )
    for table in ORIGIN_TABLES:
        op.execute(
            f'CREATE TRIGGER {table}_origin_is_fixed BEFORE UPDATE OF origin ON "{table}" FOR EACH ROW '
            "WHEN (OLD.origin IS DISTINCT FROM NEW.origin) "
            "EXECUTE FUNCTION refuse_change('the origin never changes')"
        )


def downgrade() -> None:
    """Remove everything; whoever asks for this wants an empty database."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_change() CASCADE")
    op.drop_table("attempt")
    op.drop_table("task_fact")
    op.drop_index("ix_step_taken_newest", table_name="step_taken")
    op.drop_table("step_taken")
    op.drop_index("ix_source_key_source", table_name="source_key")
    op.drop_table("source_key")
    op.drop_index("ix_shift_person", table_name="shift")
    op.drop_index("ix_shift_now", table_name="shift")
    op.drop_table("shift")
    op.drop_table("scheme")
    op.drop_index("ix_report_disaster", table_name="report")
    op.drop_table("report")
    op.drop_index("ix_rehearsal_made", table_name="rehearsal")
    op.drop_table("rehearsal")
    op.drop_table("reading")
    op.drop_table("rain_series")
    op.drop_table("plan")
    op.drop_index("ix_place_code_place", table_name="place_code")
    op.drop_table("place_code")
    op.drop_index("ix_personal_token_officer", table_name="personal_token")
    op.drop_table("personal_token")
    op.drop_index(
        "ix_part_decide",
        table_name="part",
        postgresql_where=sa.text("state IN ('proposed','pending-approval')"),
        sqlite_where=sa.text("state IN ('proposed','pending-approval')"),
    )
    op.drop_table("part")
    op.drop_index("ix_officer_session_officer", table_name="officer_session")
    op.drop_table("officer_session")
    op.drop_index("ix_intake_key_identifier", table_name="intake_key")
    op.drop_table("intake_key")
    op.drop_index("ix_household_village", table_name="household")
    op.drop_index("ix_household_town", table_name="household")
    op.drop_index("ix_household_risk_point", table_name="household")
    op.drop_table("household")
    op.drop_table("preflight")
    op.drop_table("hole")
    op.drop_index("ix_holding_role", table_name="holding")
    op.drop_index("ix_holding_person", table_name="holding")
    op.drop_table("holding")
    op.drop_table("door_fact")
    op.drop_index("ix_disaster_sign_disaster", table_name="disaster_sign")
    op.drop_table("disaster_sign")
    op.drop_index("ix_delivery_warning", table_name="delivery")
    op.drop_index("ix_delivery_vendor", table_name="delivery")
    op.drop_index("ix_delivery_person", table_name="delivery")
    op.drop_index(
        "ix_delivery_failover",
        table_name="delivery",
        postgresql_where=sa.text("failover_of IS NOT NULL"),
        sqlite_where=sa.text("failover_of IS NOT NULL"),
    )
    op.drop_index(
        "ix_delivery_ends",
        table_name="delivery",
        postgresql_where=sa.text("not_before IS NOT NULL"),
        sqlite_where=sa.text("not_before IS NOT NULL"),
    )
    op.drop_index(
        "ix_delivery_line",
        table_name="delivery",
        postgresql_where=sa.text("not_before IS NOT NULL"),
        sqlite_where=sa.text("not_before IS NOT NULL"),
    )
    op.drop_table("delivery")
    op.drop_index("ix_call_person", table_name="call")
    op.drop_index("ix_call_delivery", table_name="call")
    op.drop_table("call")
    op.drop_index("ix_answer_obligation", table_name="answer")
    op.drop_index("ix_answer_newest", table_name="answer")
    op.drop_table("answer")
    op.drop_index("ix_warning_state", table_name="warning")
    op.drop_index("ix_warning_received", table_name="warning")
    op.drop_index("ix_warning_advance", table_name="warning")
    op.drop_table("warning")
    op.drop_index("ix_task_warning", table_name="task")
    op.drop_index("ix_task_town", table_name="task")
    op.drop_index(
        "ix_task_standing",
        table_name="task",
        postgresql_where=sa.text("state IN ('open','taken')"),
        sqlite_where=sa.text("state IN ('open','taken')"),
    )
    op.drop_index("ix_task_key", table_name="task")
    op.drop_table("task")
    op.drop_table("station")
    op.drop_table("source")
    op.drop_index("ix_response_family", table_name="response")
    op.drop_table("response")
    op.drop_table("reply")
    op.drop_index(
        "ix_receipt_unmatched",
        table_name="receipt",
        postgresql_where=sa.text("delivery_id IS NULL"),
        sqlite_where=sa.text("delivery_id IS NULL"),
    )
    op.drop_index("ix_receipt_delivery", table_name="receipt")
    op.drop_table("receipt")
    op.drop_index("ix_quarantine_received", table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_index("ix_place_town", table_name="place")
    op.drop_index("ix_place_parent", table_name="place")
    op.drop_index("ix_place_level", table_name="place")
    op.drop_table("place")
    op.drop_index("ix_person_phone", table_name="person")
    op.drop_table("person")
    op.drop_table("permit")
    op.drop_table("officer")
    op.drop_index(
        "ix_obligation_step",
        table_name="obligation",
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
        sqlite_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.drop_index("ix_obligation_released", table_name="obligation")
    op.drop_index("ix_obligation_place", table_name="obligation")
    op.drop_index(
        "ix_obligation_due",
        table_name="obligation",
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_obligation_b", table_name="obligation")
    op.drop_index("ix_obligation_a", table_name="obligation")
    op.drop_table("obligation")
    op.drop_index("ix_log_in_failure_address", table_name="log_in_failure")
    op.drop_index("ix_log_in_failure_account", table_name="log_in_failure")
    op.drop_table("log_in_failure")
    op.drop_index("ix_link_token", table_name="link")
    op.drop_table("link")
    op.drop_index("ix_intake_raw_state", table_name="intake_raw")
    op.drop_index("ix_intake_raw_received", table_name="intake_raw")
    op.drop_table("intake_raw")
    op.drop_index("ix_forecast_window", table_name="forecast")
    op.drop_table("forecast")
    op.drop_table("finding")
    op.drop_index("ix_event_district_id", table_name="event")
    op.drop_table("event")
    op.drop_index("ix_door_town", table_name="door")
    op.drop_index("ix_door_list", table_name="door")
    op.drop_table("door")
    op.drop_index("ix_disaster_t0", table_name="disaster")
    op.drop_index(
        "ix_disaster_remind",
        table_name="disaster",
        postgresql_where=sa.text("next_remind_at IS NOT NULL"),
        sqlite_where=sa.text("next_remind_at IS NOT NULL"),
    )
    op.drop_index("ix_disaster_place", table_name="disaster")
    op.drop_table("disaster")
    op.drop_index("ix_decision_subject", table_name="decision")
    op.drop_table("decision")
    op.drop_table("content")
    op.drop_table("brief")
    op.drop_table("beat")
    op.drop_index("ix_audit_subject", table_name="audit")
    op.drop_table("audit")
