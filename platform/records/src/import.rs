//! The import: files of rows, through the pipeline.
