"""Users' servers as processes, and the way to them."""
