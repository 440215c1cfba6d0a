"""Files in the layout of each survey, written from a known sky; no real file is needed."""
