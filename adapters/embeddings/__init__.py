"""The embedding model all-MiniLM-L6-v2, run by whatever is there to run it.

========================  ==============================================================
`choice`                  which embedder is used, in which order they are tried
`onnx`                    runs an exported model without PyTorch: every query goes here
`export`                  makes that export from the weights, once, when the index is built
`sentence_transformers`   the original; slow to import, so only on demand
`download`                the export that Chroma publishes, when there are no weights here
`files`                   a model directory: whole or not there, with the hash of each file
========================  ==============================================================
"""
