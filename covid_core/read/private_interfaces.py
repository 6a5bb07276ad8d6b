"""What reading uses of other libraries though they do not publish it: why, and of which versions.

pydicom 3.0.2: the file meta group of an open file, read as `dcmread` itself reads it. Its public
`read_file_meta_info` takes the name of a file alone, and `read_partial` inflates a deflated file
without a limit. Another reader might find one transfer syntax in a file, and `dcmread` another.

Python 3.11 to 3.14: a child of multiprocessing runs its parent's main file again, before anything
else, and there is no way to prevent it: under Streamlit that is the whole page.
"""

from __future__ import annotations

from multiprocessing import spawn
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from pydicom.dataset import FileMetaDataset


def read_file_meta(file: BinaryIO) -> FileMetaDataset:
    """The file meta group of an open DICOM file, behind which the file then stands."""
    from pydicom.filereader import _read_file_meta_info  # slow to import

    return _read_file_meta_info(file)


def spare_main(name: str) -> None:
    """Let children of that name, and no others, start without the parent's main file."""
    prepare = spawn.get_preparation_data

    def prepare_without_main(child: str) -> dict[str, Any]:
        prepared = prepare(child)
        if child == name:
            for key in ("init_main_from_name", "init_main_from_path"):
                prepared.pop(key, None)
        return prepared

    spawn.get_preparation_data = prepare_without_main  # type: ignore[assignment]
