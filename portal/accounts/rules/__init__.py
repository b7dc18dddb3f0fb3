"""Pure decisions about people and doors."""
