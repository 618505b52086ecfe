"""The outside world over real HTTP: gateways, telephones, a storm, bureaus, towns, officers.

Holds what a demo and a story test need instead of the world: everything it knows it was given, or hears over
HTTP. Must not hold: any room of the product (it imports the clock and the phones alone), the machine's time,
and chance that depends on the order of calls. The same seed gives the same people, whatever happens around
them.
"""
