"""What reading uses of other libraries though they do not publish it: why, and of which versions.

pydicom 3.0.2: the file meta group of an open file, read as `dcmread` itself reads it. Its public
`read_file_meta_info` takes the name of a file alone, and `read_partial` inflates a deflated file
without a limit. Another reader might find one transfer syntax in a file, and `dcmread` another.
"""

from pydicom.filereader import _read_file_meta_info as read_file_meta

__all__ = ["read_file_meta"]
