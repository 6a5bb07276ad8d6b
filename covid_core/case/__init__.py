"""One radiograph read: gate, prediction, maps and checks, each computed once.

They are kept in one frozen record, which the page, a list, the command line, bundles and exports
present.
"""
