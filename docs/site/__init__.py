"""The pages of the site: each module returns some of them as Markdown, by their paths."""
