"""Small templates for make_template_goldens.py, each of which tests one thing."""

VARIABLES = {"x": "abc"}
SNIPPETS = ["{{ x }}"]
