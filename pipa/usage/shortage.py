"""A request is bought before the demand is known: what it costs against what it falls short by.

The newsvendor's problem, with two shortage costs. Of all requests ``q`` the one is taken that
minimises

    q  +  share_price * P(use > q)  +  unmet_price * E[max(0, use - q)]

over the recorded use, newer samples weighing more. ``unmet_price`` alone is a percentile for all
(``1 - 1 / unmet_price``). ``share_price`` is an amount: so many cores (or GiB) are worth one sample
in a hundred less above the request, *times a hundred*; for a small container nearly every sample is
worth that, for a large one only those that many others lie beside. That is why the sum over a
fleet is smaller, at the same share of samples above the request, than with any one percentile.

Sources: Arrow, Harris, Marschak, Optimal Inventory Policy, Econometrica 19 (1951), for the rule;
docs/usage-model.md for the prices and what they were measured on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.telemetry import Floats


@dataclass(frozen=True, slots=True)
class Prices:
    """What falling short costs, in the unit of the request."""

    share: float
    """Of one whole share of time above the request, >= 0."""
    unmet: float
    """Of one unit of use above the request, averaged over time, >= 0; 1 or less buys nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Recorded use as a weighted distribution."""

    values: Floats
    """Ascending, finite, not empty."""
    above: Floats
    """Weighted share of use above each value."""
    excess: Floats
    """Weighted mean of what use exceeds each value by."""

    def request(self, prices: Prices) -> float:
        """The recorded value at which cost and shortage together are least."""
        cost = self.values + prices.share * self.above + prices.unmet * self.excess
        return float(self.values[int(np.argmin(cost))])

    def quantile(self, share: float) -> float:
        """The smallest recorded value that at most ``1 - share`` of the use lies above."""
        index = int(np.searchsorted(-self.above, share - 1.0 - 1e-12))
        return float(self.values[min(index, self.values.size - 1)])


def sample_of(values: Floats, ages_s: Floats, half_life_s: float | None) -> Sample | None:
    """Make a distribution of recorded use.

    Args:
        values: Use, any shape; NaN is no sample.
        ages_s: Seconds before the newest moment, broadcastable to `values`.
        half_life_s: Age at which a sample counts half; None: all count alike.

    Returns:
        None when there is no sample.
    """
    ages = np.broadcast_to(ages_s, values.shape)
    known = np.isfinite(values)
    used, age = values[known], ages[known]
    if used.size == 0:
        return None
    order = np.argsort(used, kind="stable")
    used = used[order]
    weights = np.ones(used.size) if half_life_s is None else np.exp2(-age[order] / half_life_s)
    weights /= weights.sum()
    above = np.maximum(1.0 - np.cumsum(weights), 0.0)
    above[-1] = 0.0
    total = np.cumsum(weights * used)
    excess = np.maximum(total[-1] - total - used * above, 0.0)
    return Sample(used, above, excess)
