"""What the portal hands to a person: notices, background jobs and their progress, exports."""
