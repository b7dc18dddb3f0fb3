"""Who did what, when: an append-only chain of hashes, written in the transaction of the act itself. No pages."""
