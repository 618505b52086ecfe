"""A district's `config/` read into one frozen, digested Scheme: rules, duties, clocks, channels, texts.

Holds the reading and the checking, every fault at once with file and line. It must not decide anything about
a warning (that is `warning`) and must not open a database or a connection.
"""
