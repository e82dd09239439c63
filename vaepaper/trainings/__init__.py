"""Many trainings: described, remembered on disk, side by side here or on a cluster, with a bar."""
