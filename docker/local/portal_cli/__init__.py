"""`./portal`: the portal on one machine, without containers."""
