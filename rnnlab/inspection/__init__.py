"""A look inside: a model and a batch in, arrays out."""
