"""What towns report of disasters: when it happened, when the district heard, what is known.

Holds events, the signs that told of them and the reports. It does not judge a rate: ``reports`` reads the
rows and does.
"""
