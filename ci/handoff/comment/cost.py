"""What it costs, against what it costs now, with the unit and the source of the prices."""

from __future__ import annotations

from ci.handoff.comment.escape import code, prose
from ci.handoff.comment.layout import Fold, Part, row, table_lines, text_part
from schemas.recommendation import Cost

_MAX_REASON = 160
_UNKNOWN = "unknown"


def delta_text(cost: Cost) -> str:
    """``−12.00 USD/month (−16 %)``; empty where the change is not known."""
    if cost.monthly_delta is None:
        return ""
    before = _before(cost)
    share = f" ({_signed(100 * cost.monthly_delta / before, 0)} %)" if before > 0 else ""
    return f"{_signed(cost.monthly_delta, 2)} {_currency(cost)}/month{share}"


def bill_text(cost: Cost) -> str:
    """The change where it is known, else the whole: ``100.40 USD/month``; empty without prices."""
    if cost.monthly is None:
        return ""
    return delta_text(cost) or f"{cost.monthly:,.2f} {_currency(cost)}/month"


def cost_line(cost: Cost) -> str:
    """The bill in one line: change, amount, unit, name of the price list."""
    if cost.monthly is None:
        return f"**Cost:** unknown. {prose(cost.unknown, _MAX_REASON)}".rstrip()
    unit = prose(cost.unit, 80) or f"{_currency(cost)} per month"
    amount = f"{cost.monthly:,.2f} {unit}"
    if cost.monthly_at_max is not None and cost.monthly_at_max != cost.monthly:
        amount += f", {cost.monthly_at_max:,.2f} with every autoscaler at its maximum"
    delta = delta_text(cost)
    told = f"{delta}{_compared(cost)}: " if delta else ""
    unknown = "" if delta else f" The change is unknown: {_why_unknown(cost)}."
    source = f" Prices: {code(cost.source.partition(': ')[0], 80)}." if cost.source else ""
    return f"**Cost:** {told}{amount}.{unknown}{source}"


def cost_fold(cost: Cost) -> Fold | None:
    """The bill by component; None where nothing is known of any."""
    if not cost.components:
        return None
    head = table_lines(
        [("component", False), ("now", True), ("proposed", True), ("at maximum", True), ("", False)]
    )
    rows = tuple(
        row(
            (
                code(item.component, 60),
                _money(item.monthly_current),
                _money(item.monthly),
                _money(item.monthly_at_max),
                prose(item.unknown, _MAX_REASON),
            )
        )
        for item in cost.components
    )
    source = f"Prices: {prose(cost.source)}" if cost.source else ""
    note = f"{prose(cost.unit, 80)}, for what the pods request. {source}".strip()
    return Fold("Cost by component", (Part(rows, head=head), text_part(note)))


def _before(cost: Cost) -> float:
    """Today's bill of the components that the change was computed over."""
    return sum(
        item.monthly_current
        for item in cost.components
        if item.monthly_current is not None and item.monthly is not None
    )


def _compared(cost: Cost) -> str:
    """Over how many of the components, where not over all."""
    known = sum(item.monthly_current is not None for item in cost.components)
    partial = cost.monthly_delta is not None and 0 < known < len(cost.components)
    return f" over {known} of {len(cost.components)} components" if partial else ""


def _why_unknown(cost: Cost) -> str:
    if cost.unknown:
        return prose(cost.unknown, _MAX_REASON)
    return "today's manifests set no requests to compare with"


def _currency(cost: Cost) -> str:
    return prose(cost.currency or "", 12)


def _money(amount: float | None) -> str:
    return _UNKNOWN if amount is None else f"{amount:,.2f}"


def _signed(amount: float, digits: int) -> str:
    text = f"{abs(amount):,.{digits}f}"
    if not text.strip("0."):
        return f"±{text}"
    return f"−{text}" if amount < 0 else f"+{text}"
