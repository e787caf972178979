"""What all tests share: Hypothesis draws the same examples in every run, so that no run fails by chance.

`HYPOTHESIS_PROFILE=explore pytest tests` draws new ones, and keeps in `.hypothesis/` what fails.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
