"""Out, reads only: rates and the rows behind them, lists for the API, what is counted for the metrics.

It may join the tables of all rooms and writes none. What a number *means* stands in ``rates``, which is pure.
"""
