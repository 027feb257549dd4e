//! rapport-exporter
