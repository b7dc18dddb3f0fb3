"""Pure decisions of the knowledge base: no Flask, no database, the clock handed in."""
