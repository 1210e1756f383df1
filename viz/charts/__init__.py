"""One file per figure of the report: `TITLE`, `ORDER` and `draw(data) -> str` (HTML; "" = nothing to show)."""
