"""SageMaker Distribution, the image of SageMaker Studio's JupyterLab: it runs notebooks as jobs."""
