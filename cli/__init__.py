"""The operator's command line, `./checkout`; runs at a desk and is never packaged."""
