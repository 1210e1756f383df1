"""The paths of the shell that the page asks for, besides the page itself and our own files under `viz/public`."""

from __future__ import annotations

from viz.door import vendored

ASSETS = (
    *("ansi.js", "highlight.css", "highlight-dark.css", "main-vuetify.js"),
    *("assets/custom.css", "assets/custom.js", "assets/favicon.png", "assets/favicon.svg"),
    *("assets/style.css", "assets/theme.js", "assets/theme-dark.css", "assets/theme-light.css"),
)
"""Of Solara, under `/static/`. Those of less than 10 kB stand in the page."""

EXTENSIONS = (
    *("anywidget/extension.js", "anywidget/index.js"),
    *("jupyter-vue/extension.js", "jupyter-vue/index.js", "jupyter-vue/nodeps.js", "jupyter-vue/nodeps-vue-sfc.js"),
    *("jupyter-vuetify/extension.js", "jupyter-vuetify/index.js", "jupyter-vuetify/nodeps.js"),
)
"""Of the widgets, under `/jupyter/nbextensions/`."""


def shell_files() -> frozenset[str]:
    """Every path, exactly."""
    return frozenset(
        [
            *(f"/static/{path}" for path in ASSETS),
            *(f"/jupyter/nbextensions/{path}" for path in EXTENSIONS),
            *(f"/_solara/cdn/{path}" for path in vendored.files()),
        ]
    )
