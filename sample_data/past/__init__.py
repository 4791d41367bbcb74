"""The company's past: two calendar weeks of the same work by the same people, recorded once and shipped.

`python -m sample_data.record` plays it on Temporal's time-skipping test server; `recording` moves it to the two weeks
before an instant.
"""
