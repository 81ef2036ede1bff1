"""How Sphinx makes the site; `build.py` writes its sources and says where they are."""

project = "Coda protocol"
copyright = "the authors of coda-conformance, Apache-2.0"  # noqa: A001 - Sphinx calls it so
extensions = ["myst_parser", "docs.site.accessible", "docs.site.named", "docs.site.sidebar"]

myst_heading_anchors = 4
myst_enable_extensions = ["deflist", "attrs_inline"]
suppress_warnings = ["myst.header"]  # generated parts may skip a level

html_theme = "furo"
html_title = "Coda protocol"
html_static_path = ["site/static"]
html_favicon = "site/static/favicon.svg"
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_domain_indices = False
html_theme_options = {"sidebar_hide_name": False}
smartquotes = False
highlight_language = "text"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
