"""Ground for every domain: database and write path, time, files, forms, page parts. No routes."""
