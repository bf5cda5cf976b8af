"""What is measured. Each function runs in a process of its own and returns numbers by name."""
