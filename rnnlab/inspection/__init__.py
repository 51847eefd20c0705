"""Gates, memory and gradient flow inside a model: a model and a batch in, arrays out."""
