"""Articles, revisions, publication and the answer card: what the hotline knows, and since when."""
