//! Log lines: one event per line, as JSON for machines or as text for people. Never a payload, never an identifier.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::ValueEnum;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, Opts};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::{EnvFilter, fmt};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Human,
}

impl Format {
    /// Text where somebody is looking, JSON where nobody is.
    pub fn fitting() -> Format {
        if std::io::stderr().is_terminal() { Format::Human } else { Format::Json }
    }
}

/// Starts logging to standard error, from level `info` up or as `RUST_LOG` says.
///
/// A second call in a process changes nothing.
pub fn init(format: Format) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let base = tracing_subscriber::registry().with(filter).with(CountLines);
    let set = match format {
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            tracing::subscriber::set_global_default(base.with(lines))
        }
        Format::Human => {
            let ansi = std::io::stderr().is_terminal();
            tracing::subscriber::set_global_default(base.with(lines.with_target(false).with_ansi(ansi)))
        }
    };
    // An error only says that logging was started before.
    drop(set);
}

const LEVELS: [Level; 5] = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
static LINES: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];

struct CountLines;

impl<S: Subscriber> Layer<S> for CountLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if let Some(index) = LEVELS.iter().position(|level| level == event.metadata().level()) {
            LINES[index].fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// `rapport_log_lines_total{level}`: log lines of this process.
pub struct LogLines {
    counter: IntCounterVec,
}

impl LogLines {
    /// # Errors
    /// Never in practice: name and labels are constants.
    pub fn new() -> prometheus::Result<LogLines> {
        let opts = Opts::new("rapport_log_lines_total", "Log lines of this process, by level.");
        Ok(LogLines { counter: IntCounterVec::new(opts, &["level"])? })
    }
}

impl Collector for LogLines {
    fn desc(&self) -> Vec<&Desc> {
        self.counter.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (level, lines) in LEVELS.iter().zip(&LINES).take(3) {
            let counter = self.counter.with_label_values(&[level.as_str().to_ascii_lowercase()]);
            counter.inc_by(lines.load(Ordering::Relaxed).saturating_sub(counter.get()));
        }
        self.counter.collect()
    }
}
