"""The reference page of the chart patterns, written from their registrations and measurements.

python -m mismartera_patterns.reference > docs/patterns.md
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable
from importlib.resources import files
from pkgutil import resolve_name
from typing import Any

from mismartera_core import IndicatorReg
from mismartera_patterns.params import Zigzag
from mismartera_patterns.plugin import mismartera_indicators

_INTRODUCTION = '''\
# Chart patterns

Written by `python -m mismartera_patterns.reference > docs/patterns.md`.

Chart patterns are indicators of the plugin `mismartera-patterns`. Each looks at the swings of the
price, its pivots, and reports a pattern at the close of the bar at which it was knowable: when all
its points are confirmed and a close has broken its line. A report is never moved or taken back, and
fewer bars give the same values bit for bit.

## In a strategy

```python
from mismartera_core import Bar, Strategy


class Breakouts(Strategy):
    """Buys double bottoms, with the pattern's own stop and target."""

    def setup(self) -> None:
        self.found = self.indicator("double_bottom", reversal=4.0)
        self.target, self.stop = self.found.target, self.found.invalidation

    def on_bar(self, bar: Bar) -> None:
        if self.found.value > 0 and self.position.is_flat:
            self.buy(100, stop_loss=self.stop.value, take_profit=self.target.value)
```

| output | what |
| --- | --- |
| `signal` | +1 where a bullish pattern is reported, -1 a bearish one, 0 at every other bar |
| `target` | price it points to |
| `invalidation` | price at which it has failed; the close lies between it and the target |
| `height` | height of the pattern, price units |
| `score` | 1 as in the book, 0 at the edge of every tolerance |
| `level` | price of the line that was broken, at the bar of the report |
| `p1_price`, `p1_age` ... | points by time: price, and age in bars; the bar is `bars[-1 - age]` |

All but `signal` are NaN where nothing is reported. `zigzag` and `support_resistance` have outputs
of their own, below.

## In a notebook

```python
from mismartera_patterns.drawing import draw
from mismartera_patterns.finding import find_patterns

bars = draw("cup_and_handle", length=180, noise=0.02, seed=1).bars  # or a DataFrame of bars
found = find_patterns(bars)
print(found[["pattern", "signal", "reported_at", "target", "invalidation", "score"]])
assert "cup_and_handle" in set(found["pattern"])
```

The same code as the indicators, a row per pattern, with its points as (time, price).

## What they share

- **Pivots.** A high is known when the price has fallen from it by `reversal` average true ranges
  (Wilder's, over `atr_period` bars) and by `percent` of the close; a low is the mirror image. So a
  pivot is known some bars after it, and a pattern no earlier than its last pivot.
- **Size.** `reversal` chooses the size of the patterns that are seen: a swing smaller than that is
  noise, one between two points of a pattern hides it. Ask for an indicator several times, with 3, 6
  and 12 say, to see small and large ones.
- **Breakout.** A close beyond the line, from the bar that confirms the last pivot on. A close that
  has passed the target already, or lies beyond the invalidation, is not reported.
- **Bowl.** Of the closes from rim to rim, the parabola of least squares opens upwards, explains at
  least 70 % of the variance and has its vertex in the middle 40 % of the bars; at least 55 % of the
  closes lie in the lower half of the depth (a V has 50 %, a parabola 71 %).
- **Overlap.** A pattern that begins before the last point of the one reported before it is not
  reported; of those at one bar the best score is. This holds for each pattern by itself: a double
  top may be a rectangle too.
- **Scale.** Everything is measured in heights of the pattern and bars, so prices times ten give the
  same patterns. Volume plays no part.
- **Sessions.** Patterns run on across sessions; an opening gap is part of the true range.
- **Bad prints.** A wick counts for at most one average true range beyond the closes of its bar and
  of the one before, so that a lone false price makes no pivot; the price of a point may therefore
  lie within the wick of its bar.
- **Unknown bars.** A bar without high, low or close (NaN) is passed over.
- **Mirror images** are found by the same code as their originals, upside down.

All have these parameters, with these defaults unless said otherwise below:

'''

_MEASURED = """\
## How often they are right, and wrong

Found: share of {drawn} drawn shapes of three sizes (90 to 360 bars; flags and pennants 40 to 70)
that are reported with the right direction, every point within 20 % of the height and of the length
of where it was drawn. Noise: standard deviation of every close about the shape, share of its
height; wicks come on top. False: reports per 1000 bars of a random walk ({walk} bars of 20 trades
each), where no pattern means anything, upwards and downwards. All with default parameters.

Read the last columns before trading any of it: every random walk too has a double top every {often}
bars. What a report is worth is a matter of backtests.

Written by `python -m mismartera_patterns.measure`.

"""


_FALSE = "false up | false down |"


def render(records: Iterable[IndicatorReg]) -> str:
    """The page as Markdown.

    Args:
        records: Registrations with a config model.

    Returns:
        How to use them, the measured rates, and a section per indicator in order of registration.
    """
    sections = [_section(record) for record in records]
    shared = _parameters(Zigzag.model_json_schema()["properties"])
    head = _INTRODUCTION + "\n".join(shared) + "\n"
    return "\n".join([head, _rates(), "## The patterns\n", *sections])


def _rates() -> str:
    measured = json.loads(files(__package__).joinpath("measured.json").read_text(encoding="utf-8"))
    found, false = measured["found"], measured["false"]
    noises = next(iter(found.values()))
    lines = [
        "| ".join(["", "pattern ", *(f"noise {float(noise):.0%} " for noise in noises), _FALSE]),
        "|" + " --- |" * (len(noises) + 3),
    ]
    for name in (record.name for record in mismartera_indicators() if record.name in false):
        shares = [f"{share:.0%}" for share in found.get(name, {}).values()] or [""] * len(noises)
        rates = [f"{rate:.2f}" for rate in false[name]]
        lines.append(f"| `{name}` | {' | '.join([*shares, *rates])} |")
    often = round(1000.0 / false["double_top"][1], -2)
    text = _MEASURED.format(drawn=measured["drawn"], walk=measured["walk_bars"], often=int(often))
    return text + "\n".join(lines) + "\n"


def _section(record: IndicatorReg) -> str:
    text = inspect.cleandoc(resolve_name(str(record.factory)).__doc__)
    title, body = text.split("\n\n", 1)
    fields = resolve_name(str(record.config_model)).model_json_schema()["properties"]
    shared = Zigzag.model_json_schema()["properties"]
    own = _parameters({name: each for name, each in fields.items() if shared.get(name) != each})
    lines = [f"### {record.name}\n", f"{title}\n", _as_list(body), *([""] if own else []), *own]
    return "\n".join(lines) + "\n"


def _parameters(fields: dict[str, Any]) -> list[str]:
    return [f"- `{name}={each['default']}`: {_meaning(each)}" for name, each in fields.items()]


def _as_list(body: str) -> str:
    """One item per labelled paragraph of a docstring."""
    lines: list[str] = []
    for line in body.split("\n"):
        label, colon, rest = line.partition(": ")
        labelled = colon and label[:1].isupper() and " " not in label
        if labelled or not lines:
            lines.append(f"- **{label}**: {rest}" if labelled else f"- {line}")
        else:
            lines.append(f"  {line}")
    return "\n".join(lines)


def _meaning(field: dict[str, Any]) -> str:
    least = field.get("minimum", field.get("exclusiveMinimum"))
    bounds = "above" if "exclusiveMinimum" in field else "from"
    return f"{field['description']}, {bounds} {least:g} to {field['maximum']:g}"


if __name__ == "__main__":
    sys.stdout.write(render(mismartera_indicators()))
