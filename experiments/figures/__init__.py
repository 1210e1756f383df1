"""Figures of experiments, one file each: `draw(...)` gives a figure, `style.save` writes it as SVG and PNG."""
