"""No library here reports what it is used for.

ONNX Runtime sends events to its maker since 1.29, Chroma, Gradio and the model libraries did or do in some
versions. Each reads its switch once, when it is first used, so the switches are set before any is imported.
"""

from __future__ import annotations

import os

SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime, github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "OTEL_SDK_DISABLED": "true",  # OpenTelemetry, which Chroma brings
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",  # Hugging Face: no model is ever looked up or downloaded
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",  # LangChain; its older names are read as well
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING_V2": "false",
}


def switch_off_telemetry() -> None:
    """Set every switch for this process and its children."""
    os.environ.update(SWITCHES)
