"""adkit beside its peers, as ratios measured in one run: `make bench`, or `python -m benchmarks chain scalar`.

One module per comparison. A peer that is not installed is printed as such. Absolute times depend on the machine; the
ratios are what the project holds itself to, and no test asserts either.
"""
