"""Pages that put floors side by side: the agents' desk first of all."""
