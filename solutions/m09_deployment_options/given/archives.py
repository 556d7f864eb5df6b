"""Archives as SageMaker unpacks them into /opt/ml/model."""

import io
import tarfile


def pack(files: dict[str, bytes]) -> bytes:
    """A ``model.tar.gz`` with these files, by their paths in it: ``{"xgboost-model": ..., "code/transform.py": ...}``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
