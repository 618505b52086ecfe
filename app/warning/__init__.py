"""The rules of 44NN as pure functions of values: segment, level, who is called, and why.

Holds no clock, no database and no file: `planner.plan(situation, rules)` gets everything as values, and its
plan says why in every line. It must not import any other room.
"""
