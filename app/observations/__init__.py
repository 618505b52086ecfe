"""What gauges measured: stations, readings, quarantine, and the windows that the rules read.

Values are whole thousandths of their unit (mm, m, m³/s …), never floats: a sum that is exactly at a
threshold is at it. What cannot be true is kept apart with its reason and never averaged in. No rule is held
here, and nothing is said about what a value means.
"""
