"""{{ cookiecutter.__about }}."""
