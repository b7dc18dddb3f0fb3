"""Verbs about notices, jobs and exports."""
