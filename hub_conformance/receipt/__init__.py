"""The receipt of a run: what the hub held before and after it, and who changed what is not its own.

`state` has what is compared, `reading` gets it from a hub, `writes` remembers whom the run's
requests named, and `keeper` takes both looks and says what came of it.
"""
