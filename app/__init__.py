"""What runs: the command line, the configuration, the running service, its HTTP API and the pages' shell."""
