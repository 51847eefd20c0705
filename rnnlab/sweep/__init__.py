"""The runs of an experiment: claimed, trained, recorded, on this machine or a cluster."""
