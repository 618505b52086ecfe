"""IN: what bureaus send: read in any of its forms, kept raw, and told what it is to us.

Holds the readers (12379, CAP, JSON), the gates in front of them, the disposition, and the doors' work for
warnings and observations. Must not hold: rules about whom to call, channels, anything that sends.
"""
