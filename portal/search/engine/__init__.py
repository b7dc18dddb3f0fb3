"""The index on disk and the search over it: documents in, hits out."""
