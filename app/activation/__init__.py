"""A warning's life: received, planned, let out part by part, planned anew, superseded, cancelled, closed.

A plan is made anew as time and water move. The room decides with ``warning.planner`` on values and hands
obligations to ``answer`` and stops to ``dispatch``. It never calls a gateway and holds no rule of its own:
rules are config, read by ``scheme``.
"""
