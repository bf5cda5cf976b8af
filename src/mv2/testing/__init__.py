"""Contract suites and simulated disks, for mv2 itself and for whoever builds on it."""
