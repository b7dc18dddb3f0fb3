"""Search by meaning: an encoder behind an interface, vectors beside the index; optional in every way."""
