"""A request is bought before the demand is known: what it costs against what it falls short by.

The newsvendor's problem, with two shortage costs. Of all requests ``q`` the one is taken that
minimises

    q  +  share_price * P(use > q)  +  unmet_price * E[max(0, use - q)]

over the use that is expected: the recorded samples, each with its weight (`pipa.usage.ahead`).
``unmet_price`` alone is a percentile for all (``1 - 1 / unmet_price``). ``share_price`` is an
amount: so many cores (or GiB) are worth one sample in a hundred less above the request, *times a
hundred*; for a small container nearly every sample is worth that, for a large one only those that
many others lie beside. That is why the sum over a fleet is smaller, at the same share of samples
above the request, than with any one percentile.

Sources: Arrow, Harris, Marschak, Optimal Inventory Policy, Econometrica 19 (1951), for the rule;
docs/usage-model.md for the prices and what they were measured on.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Expected use as a weighted distribution."""

    values: Floats
    """Ascending, finite, not empty."""
    above: Floats
    """Weighted share of use above each value."""
    excess: Floats
    """Weighted mean of what use exceeds each value by."""

    def request(self, prices: Prices) -> float:
        """The value at which cost and shortage together are least."""
        cost = self.values + prices.share * self.above + prices.unmet * self.excess
        return float(self.values[int(np.argmin(cost))])

    def share_above(self, amount: float) -> float:
        """Share of the expected use above an amount."""
        index = int(np.searchsorted(self.values, amount, side="right"))
        return 1.0 if index == 0 else float(self.above[index - 1])

    def quantile(self, share: float) -> float:
        """The smallest value that at most ``1 - share`` of the use lies above."""
        index = int(np.searchsorted(-self.above, share - 1.0 - 1e-12))
        return float(self.values[min(index, self.values.size - 1)])


def sample_of(
    values: Floats, weights: Floats, drift: Sequence[tuple[float, float]] = ()
) -> Sample | None:
    """Make a distribution of recorded use.

    Args:
        values: Use, any shape, >= 0; NaN is no sample.
        weights: How much each counts, >= 0, broadcastable to `values`; only ratios matter.
        drift: Factors, and the share of the weight with which use is taken to be so many times what
            was recorded; the rest of the weight stays where it is.

    Returns:
        None when there is no sample of any weight.
    """
    all_weights = np.broadcast_to(weights, values.shape)
    known = np.isfinite(values) & (all_weights > 0)
    used, weight = values[known], all_weights[known]
    if used.size == 0:
        return None
    order = np.argsort(used)
    used, weight = used[order], weight[order] / weight.sum()
    if drift:
        used, weight = _drifted(used, weight, drift)
    above = np.maximum(1.0 - np.cumsum(weight), 0.0)
    above[-1] = 0.0
    total = np.cumsum(weight * used)
    excess = np.maximum(total[-1] - total - used * above, 0.0)
    return Sample(used, above, excess)


def _drifted(
    used: Floats, weight: Floats, drift: Sequence[tuple[float, float]]
) -> tuple[Floats, Floats]:
    stays = 1.0 - sum(share for _, share in drift)
    values = np.concatenate([used, *(used * factor for factor, _ in drift)])
    weights = np.concatenate([weight * stays, *(weight * share for _, share in drift)])
    # A merge of ascending runs: a stable sort takes linear time for it.
    order = np.argsort(values, kind="stable")
    return values[order], weights[order]
