"""Every picture of the project, drawn with Matplotlib as SVG."""
