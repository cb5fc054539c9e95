"""One file per source type; each gives `SOURCE`, a `harvesters.model.SourceType`."""
