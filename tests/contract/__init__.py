"""Tests of the contract. `recorded.jsonl` holds answers of real hubs of three versions."""

VERSIONS = ("2.3", "3.1", "4.1", "5.5", "6.1")
