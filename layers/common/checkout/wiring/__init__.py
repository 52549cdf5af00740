"""
Build what several functions, the command line and other Lambdas share.

One module for each set of objects: a function loads only those that it uses.
"""
