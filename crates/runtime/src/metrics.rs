//! What every service's registry starts with.

use prometheus::process_collector::ProcessCollector;
use prometheus::{IntGaugeVec, Opts, Registry, TextEncoder};

use crate::build::BUILD;
use crate::telemetry::LogLines;

/// A registry with `rapport_build_info`, `rapport_log_lines_total` and `process_*`.
///
/// # Errors
/// Never in practice: names and labels are constants.
pub fn registry() -> prometheus::Result<Registry> {
    let registry = Registry::new();
    let opts = Opts::new("rapport_build_info", "What is running; always 1.");
    let info = IntGaugeVec::new(opts, &["version", "revision", "rustc"])?;
    info.with_label_values(&[BUILD.version, BUILD.revision, BUILD.rustc]).set(1);
    registry.register(Box::new(info))?;
    registry.register(Box::new(LogLines::new()?))?;
    registry.register(Box::new(ProcessCollector::for_self()))?;
    Ok(registry)
}

/// The registry's page in the text format, families sorted by name.
///
/// # Errors
/// Where a family cannot be written, which no collector of Rapport makes.
pub fn page(registry: &Registry) -> prometheus::Result<String> {
    TextEncoder::new().encode_to_string(&registry.gather())
}
