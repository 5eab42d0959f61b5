"""The hub on the network: requests become calls, replies become responses; no rule lives here."""
