"""A model section of a config becomes a plain keras.Model."""
