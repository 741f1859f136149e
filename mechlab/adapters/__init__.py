"""Other libraries' games under our mechanisms, and our games in other libraries' shape."""
