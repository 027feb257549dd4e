//! Progress bars on standard error; on anything but a terminal there are none.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over a known number of things, called `what`. It draws nothing before there is progress to see.
pub(crate) fn bar(length: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    style(&bar, &format!("{{bar:32}} {{human_pos}}/{{human_len}} {what} ({{per_sec}}, {{eta}} left)"));
    bar
}

/// A bar over bytes.
pub(crate) fn bytes(length: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    style(&bar, &format!("{{bar:32}} {{bytes}}/{{total_bytes}} {what} ({{bytes_per_sec}}, {{eta}} left)"));
    bar
}

/// A spinner for what has no known length.
pub(crate) fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    style(&bar, "{spinner} {msg} ({elapsed})");
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(bar: &ProgressBar, template: &str) {
    // A template that does not parse leaves the default style, which is good enough.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
