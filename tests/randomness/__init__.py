"""
Statistical tests of the instant games' generator (`make randomness`): outside the suite, since chance may fail them.

`statistics` has the tests and their p-values, `samples` what is drawn from the real generator, `__main__` runs them.
"""
