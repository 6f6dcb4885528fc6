"""Holds the parity tests to the tolerances of limits.def, and prints the largest difference that was measured."""

import atexit
import os
import re

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "limits.def"), encoding="utf-8") as file:
    # name -> (limit, what is compared)
    LIMITS = {name.replace("_", " "): (float(limit), what)
              for name, limit, what in re.findall(r'^EIDA_LIMIT\((\w+), (\S+), "(.*)"\)$', file.read(), re.M)}
measured = {}


def check(test, name, value, detail=""):
    """Fails the test when `value` is over the limit of that name (or not a number); remembers the largest."""
    limit = LIMITS[name][0]
    value = float(value)
    measured[name] = max(measured.get(name, 0.0), value)
    test.assertTrue(value <= limit, f"{name} {detail}: {value:.3g} is over {limit:g}")


@atexit.register
def table():
    if measured:
        print(f"\n{'compared':<16}{'largest':>10}{'limit':>9}  what")
        for name, (limit, what) in LIMITS.items():
            if name in measured:
                print(f"{name:<16}{measured[name]:>10.1e}{limit:>9g}  {what}")
