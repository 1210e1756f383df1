"""The door of the app: what may reach it, who may sit in it, and what Solara is told before it starts."""
