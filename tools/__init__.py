"""What `make` calls: notebooks executed, results brought back, the offline site."""
