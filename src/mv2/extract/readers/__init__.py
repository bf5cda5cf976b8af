"""One module for each kind of file; ``registry`` names them. They run in a worker process."""
