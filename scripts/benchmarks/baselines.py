"""The systems to compare: presets and models of clearparse, and baselines."""

from __future__ import annotations

from benchmarks.compared import Parser, Pipeline, System
from benchmarks.cs224n import CS224n
from benchmarks.presets import AVX2, AllStages, EnglishModel, Preset
from benchmarks.spacy import SpaCy
from benchmarks.spacy_text import SpaCyPipeline
from benchmarks.udpipe import UDPipe, UDPipePipeline

PARSERS: dict[str, Parser] = {
    parser.name: parser
    for parser in (
        Preset("fast"),
        Preset("accurate"),
        Preset("best"),
        Preset("fast", AVX2),
        Preset("accurate", AVX2),
        UDPipe(1),
        UDPipe(5, part=4),
        CS224n(),
    )
}
PIPELINES: dict[str, Pipeline] = {
    pipeline.name: pipeline
    for pipeline in (
        AllStages("fast"),
        EnglishModel(),
        EnglishModel(AVX2),
        UDPipePipeline(1, part=4),
        UDPipePipeline(5, part=4),
        SpaCyPipeline(part=4),
    )
}
COMPARED: dict[str, System] = {**PARSERS, **PIPELINES}
SPACY_PARSER = SpaCy()  # compared by the scorer of spaCy: see spacy_pipelines
SYSTEMS: dict[str, System] = {**COMPARED, SPACY_PARSER.name: SPACY_PARSER}
