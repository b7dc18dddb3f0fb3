"""Chinese text analysis, the index and the log of queries; document ids are opaque, no domain is known here."""
