"""Doors for machines: who asks, when, one transaction, one verb, one shape. A door decides nothing.

Rights are checked in the verbs below; a door only says who the caller is. No table is imported here: what
is read comes from ``reports``.
"""
