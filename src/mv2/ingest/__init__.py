"""From what the user gives to what is stored: text, chunks, dates."""
