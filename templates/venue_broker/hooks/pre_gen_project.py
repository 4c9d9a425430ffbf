"""Refuses a name that cannot be a package; `mismartera new` refuses more, before anything is written."""

import keyword
import re
import sys

NAME = """{{ cookiecutter.name }}"""

if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", NAME) or keyword.iskeyword(NAME):
    sys.exit(f"expected lower-case letters, digits and single underscores as a name, was {NAME!r}")
