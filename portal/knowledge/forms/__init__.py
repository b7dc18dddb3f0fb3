"""The forms of the knowledge base, by what is done with them."""
