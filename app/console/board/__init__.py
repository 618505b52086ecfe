"""What the desk shows, joined across rooms: read only, values in, values out.

Holds the questions the pages ask (which towns have not answered, what waits for a decision, what happened)
and their answers as frozen values. Must not write, decide, or know of HTTP and templates.
"""
