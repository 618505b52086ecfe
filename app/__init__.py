"""叫应 Jiaoying: an early-warning dispatch service.

Rooms and the way of their imports: docs/architecture.md.
"""

__version__ = "0.1.0"
