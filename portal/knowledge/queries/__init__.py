"""Read articles: what answers now, what an article's page shows, what the search index is fed."""
