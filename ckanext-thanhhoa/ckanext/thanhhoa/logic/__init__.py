"""Actions, who may call them, and what their values must be."""
