"""How the work flows, from its event log: what follows what, how long it waits, what is done twice."""
