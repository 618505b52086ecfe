"""Who is where and answers for what: places, people, posts, roster, households, risk points; areas to places.

It holds no rule (who is called at which level is the scheme's and the planner's), sends nothing, and gives
a number to nobody but the one who is about to send (``people.addresses``). Only this room writes its
tables; the district's own files come in by ``importer`` alone, the synthetic directory too.
"""
