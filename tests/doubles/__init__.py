"""Hand-written stand-ins for what cannot run here."""
