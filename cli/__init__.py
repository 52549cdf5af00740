"""The operator's command line, `./checkout`; it is never deployed."""
