"""Consoles of the three administrators, and the set-up of the portal."""
