"""The catalogues of messages; `build` keeps them up to date."""
