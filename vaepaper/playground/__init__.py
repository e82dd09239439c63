"""What a hand can move: widgets, canvases, and the pictures that a visitor brings."""
