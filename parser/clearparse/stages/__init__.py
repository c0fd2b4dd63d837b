"""The stages of a model: for each network its slots, its classes, and what is made of its predictions."""
