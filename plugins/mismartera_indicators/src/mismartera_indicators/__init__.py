"""Technical indicators: causal pure functions of bar columns, most of them on TA-Lib."""
