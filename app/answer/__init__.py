"""叫应: who must answer by when, what they answered, and who is next when they do not.

Holds obligations, answers, the chain of rounds and roles. It asks ``dispatch`` to tell people and ``tasks``
to send somebody; it never speaks to a gateway, and it does not decide who must answer: that is a plan's, in
``activation``.
"""
