"""The durable queue of runs that people review, drawn by chance and by suspicion."""
