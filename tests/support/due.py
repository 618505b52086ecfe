"""When something falls due next, as a test asks it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.due import Due, Dues


async def next_due(session: AsyncSession, *questions: Due) -> datetime | None:
    """Return when the first of these falls due, None if none does."""
    return min((at for at in await Dues(questions).ask(session) if at is not None), default=None)
