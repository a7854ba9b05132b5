"""Reads a page of metrics as Prometheus' own client does, and prints a line `name type labels value` for each sample.

  .venv-viewers/bin/python scripts/viewers/prometheus_check.py FILE

Fails where the page is not in the text format, version 0.0.4, or a family has no help or no type. Takes a second.
"""
import pathlib
import sys

from prometheus_client.parser import text_string_to_metric_families

text = pathlib.Path(sys.argv[1]).read_text()
assert text.endswith("\n"), "the last line ends"
for family in text_string_to_metric_families(text):
    assert family.documentation and family.type in ("counter", "gauge"), f"{family.name}: {family.type}, no help?"
    for sample in family.samples:
        assert family.type != "counter" or sample.name.endswith("_total"), f"{sample.name} is a counter"
        labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
        print(sample.name, family.type, labels, sample.value)
