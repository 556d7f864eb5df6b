"""The program ``serve`` of the PyTorch image: the functions of a script (`transformer`), or a TorchScript file without one.

Matches ``default_pytorch_inference_handler.py`` of `sagemaker-pytorch-inference` 2.0.25, read 2026-11-25: the defaults of all four
functions. Different: no GPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course.localaws import images
from course.localaws.images.pytorch.transformer import Transformer
from course.localaws.images.shared import codecs, serving, serving_script
from course.localaws.images.shared.inference import Model

if TYPE_CHECKING:
    import torch

PRELOAD = ("torch",)  # see multi_model
MODEL = "model.pt"


def model_fn(model_dir: str) -> torch.jit.ScriptModule:
    """Load ``model.pt`` or the only ``.pt`` or ``.pth`` file. Raises ValueError if there is none, RuntimeError if it is not TorchScript."""
    import torch

    found = sorted(path.name for path in Path(model_dir).iterdir() if path.suffix in (".pt", ".pth"))
    if MODEL not in found and len(found) != 1:
        raise ValueError(f"Exactly one .pth or .pt file is required for PyTorch models: {found}")
    path = Path(model_dir, MODEL if MODEL in found else found[0])
    try:
        return torch.jit.load(str(path), map_location="cpu")
    except RuntimeError as error:
        raise RuntimeError(f"Failed to load {path}. Please ensure model is saved using torchscript.") from error


def input_fn(data: str | bytes, content_type: str) -> torch.Tensor:
    """Decode a request. CSV and JSON become float32, NPY keeps its type."""
    import torch

    if content_type == codecs.CSV:
        return torch.from_numpy(codecs.csv_to_numpy(data, np.float32))
    array = codecs.decode(data, content_type)
    return torch.from_numpy(array.astype(np.float32) if content_type == codecs.JSON else array)


def predict_fn(data: torch.Tensor, model: torch.nn.Module) -> object:
    import torch

    with torch.no_grad():
        model.eval()
        return model(data)


def output_fn(prediction: object, accept: str) -> str | bytes:
    """Encode a prediction as the first type in the Accept header that has a codec. Raises `codecs.UnsupportedFormatError`."""
    import torch

    plain = prediction.detach().numpy() if isinstance(prediction, torch.Tensor) else prediction
    known = [kind for kind in accept.replace(" ", "").split(",") if kind in codecs.ENCODERS]
    return codecs.encode(plain, known[0] if known else accept)


def load() -> Model:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise RuntimeError(images.not_installed("torch")) from error
    return Transformer(serving_script.Defaults(input_fn, predict_fn, output_fn, model_fn))


if __name__ == "__main__":
    serving.serve(load)
