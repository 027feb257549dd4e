//! rapport-ingest
