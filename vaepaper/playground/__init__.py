"""Interactive widgets: latent spaces under the pointer, and a digit to draw on that is judged at once."""
