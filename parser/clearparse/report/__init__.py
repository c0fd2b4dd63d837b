"""One HTML page about an evaluation: scores, tables, charts and the errors drawn as trees."""
