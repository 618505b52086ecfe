"""Who may do what: roles and rights, users and their sessions, keys of bureaus' systems, one-tap links.

It holds no rule about warnings (that two persons must let a red out stands in ``activation``) and knows no
HTTP.
"""
