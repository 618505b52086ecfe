"""Doors for people: the duty desk, the plan, the rates, the town's page and one tap.

Holds routes, templates, static files and ``board`` (the read-only joins). Must not decide: every
act is a verb of a room, called with who, when and one transaction.
"""
