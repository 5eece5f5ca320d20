"""The strict cloud's own promises, each met by a client that it takes for the product's."""
