"""Treebanks: their text, their trees and their symbols. Nothing here knows of transitions or of the network."""
