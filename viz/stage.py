"""The one widget of the app: it hands messages from the page to a session and back; everything seen is in `public/`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from viz import theme

LOADER = """
export default {
  async render({ model, el }) {
    const home = (document.body.dataset.baseUrl || "/jupyter/").replace(/jupyter\\/$/, "");
    const base = new URL(home, location.origin).href;
    const { start } = await import(`${base}static/public/js/main.js`);
    return start({ model });
  },
};
"""


class Stage(anywidget.AnyWidget):
    """The page in the browser; see `viz/public/js/main.js`.

    Args:
        session: a `viz.session.Session`; it gets each message of the browser and sends its own through `tell`.
    """

    _esm = LOADER
    _css = theme.app_variables()
    session = traitlets.Any()

    def __init__(self, **traits: Any) -> None:
        """Connect the session to the page."""
        super().__init__(**traits)
        self.on_msg(self._hear)
        self.session.attach(self.tell)

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self.session.receive(content)

    def tell(self, content: dict[str, Any], buffers: Sequence[memoryview | bytes] = ()) -> None:
        """Send a message to the page, with binary parts."""
        self.send(content, list(buffers))
