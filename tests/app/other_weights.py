"""Streamlit's command line, with another weights folder in the place of the shipped one.

python -m tests.app.other_weights FOLDER run streamlit_app.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.web.cli import main

from app import session

if __name__ == "__main__":
    session.WEIGHTS = Path(sys.argv.pop(1))
    sys.argv[0] = "streamlit"
    sys.exit(main())
