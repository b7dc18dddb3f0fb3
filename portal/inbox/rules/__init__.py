"""Pure decisions about notices, jobs and exports."""
