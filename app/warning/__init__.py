"""The rules of 44NN as pure functions of values: segment, level, who is called, and why.

Holds no clock, no database and no configuration file: `planner.plan(situation, rules)` gets everything as values, and
answers with a plan whose every line carries its reasons. It must not import any other room.
"""
