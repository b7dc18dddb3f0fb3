"""Read notices, jobs and exports."""
