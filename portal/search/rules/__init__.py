"""Pure rules of the search: how a text is read, what a query asks for, how a result is judged."""
