//! The report: a diagnosis and its records become figures (plain data), then ink, HTML, text and Markdown.
