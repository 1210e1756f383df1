"""The model of the market for AI talent. Open `abm/month.py` first."""
