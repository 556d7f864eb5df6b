"""What the programs of several images share: script mode, model servers, RecordIO, payload formats."""
