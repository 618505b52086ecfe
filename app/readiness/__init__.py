"""Before the storm: who could not be reached, who is not there, and whose task each hole is.

It reads the directory, the rota and what calls came to, and writes only whose task a hole is. It calls
nobody, changes no plan and no rota; a hole is closed by mending the directory, never by a tick here.
"""
