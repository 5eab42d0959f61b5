"""The kill matrix: the suite run against the reference hub with one planted fault after another.

It proves the first promise, *it sees*: each fault turns a rule red, and each rule is turned red by
a fault.
"""
