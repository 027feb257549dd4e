//! `rapport demo`.

use std::path::Path;
use std::time::Duration;

use rapport_runtime::telemetry::{self, Format};

use crate::commands::simulate::PlanArgs;
use crate::demo::{Options, play};
use crate::failure::Failure;
use crate::settings::Config;

const EXAMPLES: &str = "\
Simulated sites, the real services. A year passes in less than a minute while the screen shows,
per site, the four mechanisms (peer role, working alliance, social support, role modelling),
outcomes and ways out, and open alerts by tier; simulated supervisors answer them. Then it goes
on live, a day every two seconds, until Ctrl-C. Nothing is kept. 80 columns by 24 lines show
what matters most; a larger terminal shows more sites and all figures.

Examples:
  rapport demo
  rapport demo --sites 2 --dyads 200 --seconds-per-day 10
  rapport demo --alliance-effect 0 --support-effect 0    a service that changes nothing
  rapport demo --once                      the year, one last page, and the end: for scripts
  rapport demo --for 90                    at most 90 seconds
  rapport demo --brokers 127.0.0.1:9092    four processes over a Kafka cluster, not four threads

While it runs: curl -s http://127.0.0.1:9463/metrics | grep rapport_dropouts";

/// Arguments of `rapport demo`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,

    /// Seconds that a day takes once the first year is over
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS", value_parser = seconds)]
    seconds_per_day: f64,

    /// End when the first year is over and everything is said about it
    #[arg(long)]
    once: bool,

    /// End after so many seconds at the latest
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    longest: Option<f64>,

    /// Run the services as processes over this Kafka cluster, host:port separated by commas
    #[arg(long, value_name = "BROKERS")]
    brokers: Option<String>,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "write seconds as a number from 0.1 to 86400".to_owned())
}

/// Plays the demo.
///
/// # Errors
/// Where a service cannot start or fails.
pub fn run(args: &Args, config: Option<&Path>) -> Result<(), Failure> {
    // Log lines would tear the screen; whoever wants them says so.
    if std::env::var_os("RUST_LOG").is_some() {
        telemetry::init(Format::fitting());
    }
    let options = Options {
        plan: args.plan.plan(),
        seconds_per_day: args.seconds_per_day,
        once: args.once,
        longest: args.longest.map(Duration::from_secs_f64),
        brokers: args.brokers.clone(),
    };
    play(&options, Config::load(config)?)
}
