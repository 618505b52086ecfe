"""A change of rules tried on the past: what would have been reached, called and when, under both schemes.

It reads what happened and plans anew. No code that sends is in its reach: it may not import dispatch,
channels or tasks, and a contract holds that.
"""
