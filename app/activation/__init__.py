"""A warning's life: received, planned, let out part by part, re-planned as time and water move, superseded, cancelled, closed.

Decides with ``warning.planner`` on values and hands obligations to ``answer`` and stops to ``dispatch``. It never calls a gateway and
holds no rule of its own: rules are config, read by ``scheme``.
"""
