"""People, roles, permissions, sessions and the guard at every door."""
